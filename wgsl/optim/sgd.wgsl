// Stochastic gradient descent with momentum: v <- momentum v + g,  W <- W - lr v.

struct Parameters {
  size: u32,
  momentum: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// [0]: whether the step is skipped.
@group(0) @binding(1) var<storage, read> progress: array<f32>;
// lr
@group(0) @binding(2) var<storage, read> scalars: array<f32>;
@group(0) @binding(3) var<storage, read> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> velocity: array<f32>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size || progress[0] != 0.0) { return; }
  let v = parameters.momentum * velocity[i] + gradient[i];
  velocity[i] = v;
  weight[i] -= scalars[0] * v;
}
