// dx += scale * (g - mean(g) - x_hat * mean(g * x_hat)) over each row, where g = dy * gain and
// x_hat = (x - mean) * scale. One workgroup a row.

struct Parameters {
  columns: u32,
  rows: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<$DY_TYPE>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

const threads = ${THREADS}u;
//: include workgroup_sum T=vec2f

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
  let mean = statistics[2u * row];
  let scale = statistics[2u * row + 1u];

  var sums = vec2f();
  for (var c = thread; c < columns; c += threads) {
    let g = f32(dy[start + c]) * gain[c];
    sums += vec2f(g, g * (x[start + c] - mean) * scale);
  }
  let means = workgroup_sum(sums, thread) / f32(columns);
  for (var c = thread; c < columns; c += threads) {
    let normalised = (x[start + c] - mean) * scale;
    dx[start + c] += scale * (f32(dy[start + c]) * gain[c] - means.x - normalised * means.y);
  }
}
