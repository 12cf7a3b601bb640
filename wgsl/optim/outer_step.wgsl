// Gradient descent with Nesterov's momentum, from the mean movement g of all processes:
// m <- momentum m + g,  start <- start - rate (g + momentum m).

struct Parameters {
  size: u32,
  rate: f32,
  momentum: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
//: include read_scalars NAME=gradient BINDING=1 TYPE=f32
//: include read_write NAME=start BINDING=2 FROM=4
//: include read_write NAME=outer_momentum BINDING=3 FROM=5

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size) { return; }
  let g = read_gradient(i);
  let m = parameters.momentum * read_outer_momentum(i) + g;
  outer_momentum[i] = m;
  start[i] = read_start(i) - parameters.rate * (g + parameters.momentum * m);
}
