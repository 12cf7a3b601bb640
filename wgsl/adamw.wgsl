// AdamW (Loshchilov and Hutter 2019, algorithm 2):
//   m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2
//   W <- W - lr (m c1 / (sqrt(v c2) + epsilon) + decay W),  c = 1 / (1 - beta^t)

struct Parameters {
  size: u32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  decay: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> first_moment: array<f32>;
@group(0) @binding(4) var<storage, read_write> second_moment: array<f32>;
// lr, c1, c2
@group(0) @binding(5) var<storage, read> scalars: array<f32>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size) { return; }
  let g = gradient[i];
  let m = mix(g, first_moment[i], parameters.beta1);
  let v = mix(g * g, second_moment[i], parameters.beta2);
  first_moment[i] = m;
  second_moment[i] = v;
  let step = m * scalars[1] / (sqrt(v * scalars[2]) + parameters.epsilon);
  weight[i] -= scalars[0] * (step + parameters.decay * weight[i]);
}
