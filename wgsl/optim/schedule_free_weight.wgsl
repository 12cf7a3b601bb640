// How much an iterate weighs in the average, by a power of its learning rate, the square, and how far
// from the iterate to the average the next gradients are taken:
//   s <- s + lr^power,  c = lr^power / s
//   b = 1 - (c (1 - c_0) / (c_0 (1 - c)))^exponent (1 - b_0),  c_0: at the end of warm-up
// After a step that was skipped c is 0, and the rest as it was.

struct Parameters {
  power: f32,
  // b_0
  interpolation: f32,
  exponent: f32,
  // Steps of warm-up, in which b is b_0; at least 1.
  warmup: f32,
}

struct Weighting {
  sum: f32,
  part: f32,
  interpolation: f32,
  first_part: f32,
  step: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> summary: array<f32>;
@group(0) @binding(2) var<uniform> scalars: vec4f;
@group(0) @binding(3) var<storage, read_write> weighting: Weighting;

@compute @workgroup_size(1)
fn main() {
  weighting.part = 0.0;
  let weight = pow(scalars[0], parameters.power);
  if (summary[0] != 0.0 || weight == 0.0) { return; }
  weighting.sum += weight;
  weighting.step += 1.0;
  let c = weight / weighting.sum;
  weighting.part = c;
  var rest = 1.0 - parameters.interpolation;
  if (weighting.step <= parameters.warmup) {
    weighting.first_part = c;
  } else if (parameters.exponent > 0.0) {
    let first = weighting.first_part;
    rest *= pow(c * (1.0 - first) / (first * (1.0 - c)), parameters.exponent);
  }
  weighting.interpolation = 1.0 - rest;
}
