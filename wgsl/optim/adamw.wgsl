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
@group(0) @binding(1) var<storage, read> progress: array<f32>;
// lr
@group(0) @binding(2) var<storage, read> scalars: array<f32>;
@group(0) @binding(3) var<storage, read> factor: f32;
@group(0) @binding(4) var<storage, read> gradient: array<f32>;
@group(0) @binding(5) var<storage, read_write> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> first_moment: array<f32>;
@group(0) @binding(7) var<storage, read_write> second_moment: array<f32>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size || progress[0] != 0.0) { return; }
  let g = factor * gradient[i];
  let m = mix(g, first_moment[i], parameters.beta1);
  let v = mix(g * g, second_moment[i], parameters.beta2);
  first_moment[i] = m;
  second_moment[i] = v;
  let corrected = m / (1.0 - progress[2]);
  let step = corrected / (sqrt(v / (1.0 - progress[3])) + parameters.epsilon);
  weight[i] -= scalars[0] * (step + parameters.decay * weight[i]);
}
