// How much an iterate weighs in the average, by a power of its learning rate, the square:
// s <- s + lr^power,  c = lr^power / s; 0 after a step that was skipped.

struct Parameters {
  power: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> summary: array<f32>;
@group(0) @binding(2) var<uniform> scalars: vec4f;
// s and c
@group(0) @binding(3) var<storage, read_write> weighting: array<f32>;

@compute @workgroup_size(1)
fn main() {
  let weight = select(pow(scalars[0], parameters.power), 0.0, summary[0] != 0.0);
  weighting[0] += weight;
  weighting[1] = select(0.0, weight / weighting[0], weight > 0.0);
}
