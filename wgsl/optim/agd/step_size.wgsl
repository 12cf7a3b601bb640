// Automatic gradient descent (Bernstein et al. 2023, algorithm 1): from the layers' dual norms
//   G   = 1/L * sum of s_l |g_l|
//   eta = log((1 + sqrt(1 + 4 G)) / 2)
// and each layer's coefficient p eta c_l s_l, by which its direction is subtracted. The share c_l is
// 1/L or, if PROPORTIONAL, s_l |g_l| over the sum of them; p is √(1 - b^2t), which without momentum
// is 1, and if SHORTENING that times the fourth root of (1 - b_t) / (1 - b). Where the direction that
// is stored is the gradient itself, the coefficient is divided by its dual norm.

struct Layer {
  // s, the natural size.
  scale: f32,
  // ROOT: the sum is of the dual norm's square. COUNTED: it enters G. DIVIDED: the direction is
  // the gradient.
  rule: u32,
  // Which of the sums is its dual norm.
  dual: u32,
}

struct Parameters {
  layers: u32,
  // L
  depth: f32,
  // The step from which on momentum remembers more than its own length.
  growing: f32,
}

const ROOT = 1u;
const COUNTED = 2u;
const DIVIDED = 4u;

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> layers: array<Layer>;
@group(0) @binding(2) var<storage, read> sums: array<f32>;
@group(0) @binding(3) var<storage, read_write> coefficients: array<f32>;
// [1] and [2]: eta and G
@group(0) @binding(4) var<storage, read_write> summary: array<f32>;
// [1]: t, [2]: b^t
@group(0) @binding(5) var<uniform> progress: vec4f;

fn dual_norm(layer: u32) -> f32 {
  let sum = sums[layers[layer].dual];
  return select(sum, sqrt(sum), (layers[layer].rule & ROOT) != 0u);
}

// Each thread adds all layers up, so that none has to wait for another.
@compute @workgroup_size($THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  // By a bound that is known from uniforms alone Mesa's software driver would unroll the loops, and
  // compile the kernel anew at every launch.
  let count = min(parameters.layers, arrayLength(&layers));
  // The sum of s_l |g_l|.
  var total = 0.0;
  for (var l = 0u; l < count; l++) {
    let counted = (layers[l].rule & COUNTED) != 0u;
    total += select(0.0, layers[l].scale * dual_norm(l), counted);
  }
  let G = total / parameters.depth;
  // (1 + sqrt(1 + 4 G)) / 2 = 1 + x; near 1 the logarithm of the sum would lose x's digits.
  let x = 2.0 * G / (1.0 + sqrt(1.0 + 4.0 * G));
  let eta = select(log(1.0 + x), x * (1.0 - x * (0.5 - x / 3.0)), x < 0.01);
  if (thread == 0u) {
    summary[1] = eta;
    summary[2] = G;
  }
  var pace = sqrt(1.0 - progress[2] * progress[2]) * eta;
  //: if SHORTENING
  pace *= sqrt(sqrt(min(1.0, parameters.growing / progress[1])));
  //: end
  for (var l = thread; l < count; l += ${THREADS}u) {
    let norm = dual_norm(l);
    //: if PROPORTIONAL
    let share = select(0.0, layers[l].scale * norm / total, total > 0.0);
    //: else
    let share = 1.0 / parameters.depth;
    //: end
    var coefficient = pace * share * layers[l].scale;
    if ((layers[l].rule & DIVIDED) != 0u) {
      coefficient = select(0.0, coefficient / norm, norm > 0.0);
    }
    coefficients[l] = coefficient;
  }
}
