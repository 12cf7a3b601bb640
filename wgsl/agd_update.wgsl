// W <- W - coefficient * direction, where each of a matrix's `parts` blocks of columns is a layer
// with a coefficient of its own; with AVERAGING, then average <- average + w (W - average) with
// w = 8 / (8 + steps).

struct Parameters {
  size: u32,
  // Of a whole row, and of a block of it.
  columns: u32,
  block: u32,
  // The first block's layer.
  layer: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// [0]: whether the step is skipped, [1]: steps done, this one included.
@group(0) @binding(1) var<storage, read> progress: array<f32>;
@group(0) @binding(2) var<storage, read> coefficients: array<f32>;
@group(0) @binding(3) var<storage, read> direction: array<f32>;
@group(0) @binding(4) var<storage, read_write> weight: array<f32>;
//: if AVERAGING
@group(0) @binding(5) var<storage, read_write> average: array<f32>;
//: end

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size || progress[0] != 0.0) { return; }
  let layer = parameters.layer + (i % parameters.columns) / parameters.block;
  let W = weight[i] - coefficients[layer] * direction[i];
  weight[i] = W;
  //: if AVERAGING
  average[i] += 8.0 / (8.0 + progress[1]) * (W - average[i]);
  //: end
}
