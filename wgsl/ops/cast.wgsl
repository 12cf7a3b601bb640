// Rounds to 16 bits, element by element.

struct Parameters {
  size: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> rounded: array<$TYPE>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size) { return; }
  rounded[i] = ${TYPE}(values[i]);
}
