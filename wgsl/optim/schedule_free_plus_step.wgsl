// Polyak's step, for updates of which each element is of size 1, and what goes with it:
//   n <- p n + (1 - p) sqrt(pi / 2) |g|_1
//   alpha = lr max(0, loss + b <g, z - x>) / (n / (1 - p^t))
//   c = w / sum of w so far,  w = (the largest alpha so far)^2; but 1 in the first steps
//   1 - b goes from 1 - b1 to 1 - b2 by equal factors, in so many steps
// Leaves all of it as it is in a step that is skipped. One workgroup.

struct Parameters {
  // How many sums there are.
  count: u32,
  first_interpolation: f32,
  last_interpolation: f32,
  // Steps from the one to the other; 0 for never.
  annealing: f32,
  norm_decay: f32,
  // In so many steps at first the average is the iterate.
  warmup: f32,
}

struct Polyak {
  // n
  norm: f32,
  largest: f32,
  weights: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// [0]: whether the step is skipped, [1]: t
@group(0) @binding(1) var<uniform> progress: vec4f;
// lr
@group(0) @binding(2) var<uniform> scalars: vec4f;
@group(0) @binding(3) var<uniform> loss: vec4f;
// Of each share |g|_1 and <g, z - x>.
@group(0) @binding(4) var<storage, read> sums: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> polyak: Polyak;
// alpha, c, b
@group(0) @binding(6) var<storage, read_write> factors: array<f32>;

const threads = ${THREADS}u;
//: include workgroup_sum T=vec2f

@compute @workgroup_size($THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = vec2f(0.0);
  for (var i = thread; i < parameters.count; i += threads) { sum += sums[i]; }
  sum = workgroup_sum(sum, thread);
  if (thread != 0u || progress[0] != 0.0) { return; }

  let t = progress[1];
  var part = 0.0;
  if (parameters.annealing > 0.0) { part = min((t - 1.0) / parameters.annealing, 1.0); }
  let left = 1.0 - parameters.first_interpolation;
  let b = 1.0 - left * pow((1.0 - parameters.last_interpolation) / left, part);

  let p = parameters.norm_decay;
  let n = mix(1.2533141 * sum.x, polyak.norm, p); // sqrt(pi / 2)
  var corrected = n;
  if (p > 0.0) { corrected = n / (1.0 - pow(p, t)); }
  var alpha = 0.0;
  if (corrected > 0.0) { alpha = scalars[0] * max(0.0, loss[0] + b * sum.y) / corrected; }
  let largest = max(polyak.largest, alpha);
  let is_warm = t > parameters.warmup;
  let weight = select(0.0, largest * largest, is_warm);
  let weights = polyak.weights + weight;
  polyak = Polyak(n, largest, weights);
  factors[0] = alpha;
  factors[1] = select(select(0.0, 1.0, !is_warm), weight / weights, weight > 0.0);
  factors[2] = b;
}
