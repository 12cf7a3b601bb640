// The sum of squares of each chunk of the gradients, in a fixed order, by a workgroup.

struct Parameters {
  chunks: u32,
  // Where the partial sums start.
  first: u32,
}

struct Chunk {
  offset: u32,
  rows: u32,
  columns: u32,
  // Elements from one row to the next.
  stride: u32,
  layer: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> chunks: array<Chunk>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

const threads = ${THREADS}u;
var<workgroup> partial: array<f32, threads>;

@compute @workgroup_size($THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let c = group.x + group.y * groups.x;
  if (c >= parameters.chunks) { return; }
  let chunk = chunks[c];
  var sum = 0.0;
  for (var row = 0u; row < chunk.rows; row++) {
    let start = chunk.offset + row * chunk.stride;
    for (var column = thread; column < chunk.columns; column += threads) {
      let g = gradient[start + column];
      sum += g * g;
    }
  }
  partial[thread] = sum;
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { partial[thread] += partial[thread + half]; }
  }
  workgroupBarrier();
  if (thread == 0u) { partials[parameters.first + c] = partial[0]; }
}
