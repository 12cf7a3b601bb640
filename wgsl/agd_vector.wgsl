// Steepest descent of a vector under the RMS norm: sqrt(n) g / |g|, by one workgroup.

struct Parameters {
  size: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// The gradient, and then its direction.
@group(0) @binding(1) var<storage, read_write> gradient: array<f32>;

const threads = ${THREADS}u;
var<workgroup> partial: array<f32, threads>;

@compute @workgroup_size($THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var i = thread; i < parameters.size; i += threads) { sum += gradient[i] * gradient[i]; }
  partial[thread] = sum;
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { partial[thread] += partial[thread + half]; }
  }
  workgroupBarrier();
  let squares = partial[0];
  // Below the normal numbers inverseSqrt may be infinite: such a norm counts as zero.
  let scale =
    select(0.0, sqrt(f32(parameters.size)) * inverseSqrt(squares), squares >= 0x1p-126);
  for (var i = thread; i < parameters.size; i += threads) { gradient[i] *= scale; }
}
