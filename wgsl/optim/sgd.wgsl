// Stochastic gradient descent with momentum: v <- momentum v + g,  W <- W - lr v.

struct Parameters {
  size: u32,
  momentum: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// [0]: whether the step is skipped.
@group(0) @binding(1) var<uniform> progress: vec4f;
// lr
@group(0) @binding(2) var<uniform> scalars: vec4f;
//: include read_scalars NAME=gradient BINDING=3 TYPE=f32
//: include read_write NAME=weight BINDING=4 FROM=6
//: include read_write NAME=velocity BINDING=5 FROM=7

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size || progress[0] != 0.0) { return; }
  let v = parameters.momentum * read_velocity(i) + read_gradient(i);
  velocity[i] = v;
  weight[i] = read_weight(i) - scalars[0] * v;
}
