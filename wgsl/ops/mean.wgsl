// The mean of `size` numbers in a fixed order, written to mean[index]: one workgroup.

struct Parameters {
  size: u32,
  index: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;

const threads = ${THREADS}u;
//: include workgroup_sum T=f32

@compute @workgroup_size($THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var i = thread; i < parameters.size; i += threads) { sum += values[i]; }
  sum = workgroup_sum(sum, thread);
  if (thread == 0u) { mean[parameters.index] = sum / f32(parameters.size); }
}
