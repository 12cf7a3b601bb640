// Muon's update (Liu et al. 2025, equation 4): W <- W - lr (scale * direction + decay W), with the
// polar factors for directions.

struct Parameters {
  size: u32,
  scale: f32,
  decay: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// [0]: whether the step is skipped.
@group(0) @binding(1) var<uniform> progress: vec4f;
// lr
@group(0) @binding(2) var<uniform> scalars: vec4f;
//: include read_scalars NAME=direction BINDING=3 TYPE=f32
//: include read_write NAME=weight BINDING=4 FROM=5

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size || progress[0] != 0.0) { return; }
  let W = read_weight(i);
  weight[i] = W - scalars[0] * (parameters.scale * read_direction(i) + parameters.decay * W);
}
