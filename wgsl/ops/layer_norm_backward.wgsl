// dx += scale * (g - mean(g) - x_hat * mean(g * x_hat)) over each row, where g = dy * gain and
// x_hat = (x - mean) * scale. One workgroup a row.

struct Parameters {
  columns: u32,
  rows: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
//: include read_scalars NAME=x BINDING=1 TYPE=f32
//: include read_scalars NAME=gain BINDING=2 TYPE=f32
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
//: include read_scalars NAME=dy BINDING=4 TYPE=$DY_TYPE
//: include read_write NAME=dx BINDING=5 FROM=6

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
    let g = read_dy(start + c) * read_gain(c);
    sums += vec2f(g, g * (read_x(start + c) - mean) * scale);
  }
  let means = workgroup_sum(sums, thread) / f32(columns);
  for (var c = thread; c < columns; c += threads) {
    let normalised = (read_x(start + c) - mean) * scale;
    let g = read_dy(start + c) * read_gain(c);
    dx[start + c] = read_dx(start + c) + scale * (g - means.x - normalised * means.y);
  }
}
