// Automatic gradient descent (Bernstein et al. 2023, algorithm 1): from the layers' dual norms
//   G   = 1/L * sum of s_l |g_l|
//   eta = log((1 + sqrt(1 + 4 G)) / 2)
// and each layer's coefficient (eta / L) s_l, by which its direction is subtracted. With
// FROBENIUS the direction is the gradient itself, so its norm divides the coefficient.

struct Layer {
  // s, the natural size: sqrt(fan-out / fan-in).
  scale: f32,
  // Its share of the partial sums of the dual norm (FROBENIUS: of its square). A vector that
  // does not enter G has none.
  first: u32,
  count: u32,
}

struct Parameters {
  layers: u32,
  // L
  depth: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> layers: array<Layer>;
@group(0) @binding(2) var<storage, read> partials: array<f32>;
// [0]: what corrects the norms for momentum's start at 0.
@group(0) @binding(3) var<storage, read> scalars: array<f32>;
@group(0) @binding(4) var<storage, read_write> coefficients: array<f32>;
// eta and G
@group(0) @binding(5) var<storage, read_write> summary: array<f32>;

fn dual_norm(layer: u32) -> f32 {
  var sum = 0.0;
  for (var p = 0u; p < layers[layer].count; p++) { sum += partials[layers[layer].first + p]; }
  //: if FROBENIUS
  sum = sqrt(sum);
  //: end
  return sum * scalars[0];
}

@compute @workgroup_size($THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  for (var l = thread; l < parameters.layers; l += ${THREADS}u) { coefficients[l] = dual_norm(l); }
  storageBarrier();
  if (thread == 0u) {
    var summed = 0.0;
    for (var l = 0u; l < parameters.layers; l++) { summed += layers[l].scale * coefficients[l]; }
    let G = summed / parameters.depth;
    // (1 + sqrt(1 + 4 G)) / 2 = 1 + x; near 1 the logarithm of the sum would lose x's digits.
    let x = 2.0 * G / (1.0 + sqrt(1.0 + 4.0 * G));
    summary[0] = select(log(1.0 + x), x * (1.0 - x * (0.5 - x / 3.0)), x < 0.01);
    summary[1] = G;
  }
  storageBarrier();
  let eta = summary[0];
  for (var l = thread; l < parameters.layers; l += ${THREADS}u) {
    var coefficient = eta / parameters.depth * layers[l].scale;
    //: if FROBENIUS
    let norm = coefficients[l];
    coefficient = select(0.0, coefficient / norm, norm > 0.0);
    //: end
    coefficients[l] = coefficient;
  }
}
