// The rows of an embedding, a workgroup each: the sum of each one's squares or, with DESCENT, its
// 2-norm, by which the row is divided: the direction of steepest descent.

struct Parameters {
  rows: u32,
  columns: u32,
  // Where the rows start.
  offset: u32,
  // Where the rows' sums or norms start.
  first: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
//: if DESCENT
// Gradients, and then their directions.
@group(0) @binding(1) var<storage, read_write> values: array<f32>;
//: else
@group(0) @binding(1) var<storage, read> values: array<f32>;
//: end
// Among others, those of the rows; the dual norm is the sum of their 2-norms.
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
    let value = values[start + c];
    sum += value * value;
  }
  let squares = workgroup_sum(sum, thread);
//: if DESCENT
  // Below the normal numbers inverseSqrt may be infinite: such a norm counts as zero.
  let scale = select(0.0, inverseSqrt(squares), squares >= 0x1p-126);
  for (var c = thread; c < parameters.columns; c += threads) {
    values[start + c] *= scale;
  }
  if (thread == 0u) { partials[parameters.first + row] = sqrt(squares); }
//: else
  if (thread == 0u) { partials[parameters.first + row] = squares; }
//: end
}
