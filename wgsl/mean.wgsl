// The mean of `size` numbers in a fixed order, written to mean[index]: one workgroup.

struct Parameters {
  size: u32,
  index: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;

const threads = ${THREADS}u;
var<workgroup> partial: array<f32, threads>;

@compute @workgroup_size($THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var i = thread; i < parameters.size; i += threads) { sum += values[i]; }
  partial[thread] = sum;
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { partial[thread] += partial[thread + half]; }
  }
  workgroupBarrier();
  if (thread == 0u) { mean[parameters.index] = partial[0] / f32(parameters.size); }
}
