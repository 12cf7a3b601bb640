// AdamW (Loshchilov and Hutter 2019, algorithm 2), with g the gradient times the clipping's factor:
//   m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2
//   W <- W - lr (m' / (sqrt(v') + epsilon) + decay W),  m' = m / (1 - beta1^t), v' likewise

struct Parameters {
  size: u32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  decay: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// [0]: whether the step is skipped, [2] and [3]: beta1^t and beta2^t
@group(0) @binding(1) var<uniform> progress: vec4f;
// lr
@group(0) @binding(2) var<uniform> scalars: vec4f;
@group(0) @binding(3) var<uniform> factor: f32;
//: include read_scalars NAME=gradient BINDING=4 TYPE=f32
//: include read_write NAME=weight BINDING=5 FROM=8
//: include read_write NAME=first_moment BINDING=6 FROM=9
//: include read_write NAME=second_moment BINDING=7 FROM=10

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size || progress[0] != 0.0) { return; }
  let g = factor * read_gradient(i);
  let m = mix(g, read_first_moment(i), parameters.beta1);
  let v = mix(g * g, read_second_moment(i), parameters.beta2);
  first_moment[i] = m;
  second_moment[i] = v;
  let corrected = m / (1.0 - progress[2]);
  let step = corrected / (sqrt(v / (1.0 - progress[3])) + parameters.epsilon);
  let W = read_weight(i);
  weight[i] = W - scalars[0] * (step + parameters.decay * W);
}
