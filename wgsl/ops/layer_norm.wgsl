// y = gain * (x - mean) / sqrt(variance + epsilon) + bias over each row: one workgroup a row.

struct Parameters {
  columns: u32,
  rows: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
//: include read_scalars NAME=x BINDING=1 TYPE=f32
//: include read_scalars NAME=gain BINDING=2 TYPE=f32
//: include read_scalars NAME=bias BINDING=3 TYPE=f32
@group(0) @binding(4) var<storage, read_write> y: array<$Y_TYPE>;
// (rows, 2): mean and 1 / standard deviation, kept for the backward pass.
@group(0) @binding(5) var<storage, read_write> statistics: array<f32>;

const threads = ${THREADS}u;
const epsilon = 1e-5;
//: include workgroup_sum T=f32

@compute @workgroup_size($THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= parameters.rows) { return; }
  let columns = parameters.columns;
  let start = row * columns;

  var sum = 0.0;
  for (var c = thread; c < columns; c += threads) { sum += read_x(start + c); }
  let mean = workgroup_sum(sum, thread) / f32(columns);
  // A second pass over the deviations: the difference of two large sums would lose digits.
  sum = 0.0;
  for (var c = thread; c < columns; c += threads) {
    let deviation = read_x(start + c) - mean;
    sum += deviation * deviation;
  }
  let scale = inverseSqrt(workgroup_sum(sum, thread) / f32(columns) + epsilon);
  for (var c = thread; c < columns; c += threads) {
    y[start + c] = ${Y_TYPE}((read_x(start + c) - mean) * scale * read_gain(c) + read_bias(c));
  }
  if (thread == 0u) {
    statistics[2u * row] = mean;
    statistics[2u * row + 1u] = scale;
  }
}
