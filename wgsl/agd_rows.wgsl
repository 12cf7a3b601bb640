// Steepest descent of an embedding: each row divided by its own 2-norm. One workgroup a row.

struct Parameters {
  rows: u32,
  columns: u32,
  // Where the rows start.
  offset: u32,
  // Where the rows' norms start.
  first: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// Gradients, and then their directions.
@group(0) @binding(1) var<storage, read_write> gradient: array<f32>;
// Among others, the rows' 2-norms, whose sum is the dual norm.
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;

const threads = ${THREADS}u;
//: include workgroup_sum T=f32

@compute @workgroup_size($THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= parameters.rows) { return; }
  let start = parameters.offset + row * parameters.columns;
  var sum = 0.0;
  for (var c = thread; c < parameters.columns; c += threads) {
    let g = gradient[start + c];
    sum += g * g;
  }
  let squares = workgroup_sum(sum, thread);
  // Below the normal numbers inverseSqrt may be infinite: such a norm counts as zero.
  let scale = select(0.0, inverseSqrt(squares), squares >= 0x1p-126);
  for (var c = thread; c < parameters.columns; c += threads) {
    gradient[start + c] *= scale;
  }
  if (thread == 0u) { partials[parameters.first + row] = sqrt(squares); }
}
