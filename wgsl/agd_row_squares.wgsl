// The sum of squares of each row of an embedding. One workgroup a row.

struct Parameters {
  rows: u32,
  columns: u32,
  // Where the rows start.
  offset: u32,
  // Where the sums start.
  first: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> values: array<f32>;
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
  for (var i = start + thread; i < start + parameters.columns; i += threads) {
    sum += values[i] * values[i];
  }
  sum = workgroup_sum(sum, thread);
  if (thread == 0u) { partials[parameters.first + row] = sum; }
}
