// The sum of squares of each chunk of a span, in a fixed order, by a workgroup.

struct Parameters {
  chunks: u32,
}

//: include chunk

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> chunks: array<Chunk>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;

const threads = ${THREADS}u;
//: include workgroup_sum T=f32

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
      let value = values[start + column];
      sum += value * value;
    }
  }
  sum = workgroup_sum(sum, thread);
  if (thread == 0u) { partials[chunk.index] = sum; }
}
