// W <- W - coefficient * direction, where each of a matrix's `parts` blocks of columns is a layer
// with a coefficient of its own.

struct Parameters {
  size: u32,
  // Of a whole row, and of a block of it.
  columns: u32,
  block: u32,
  // The first block's layer.
  layer: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read> direction: array<f32>;
@group(0) @binding(3) var<storage, read> coefficients: array<f32>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size) { return; }
  let layer = parameters.layer + (i % parameters.columns) / parameters.block;
  weight[i] -= coefficients[layer] * direction[i];
}
