// Whether any of a workgroup's share of the gradients is not a number, infinite, or at least 2^51:
// the sum of 2^25 such squares would be infinite. By bits, as WGSL lets a driver assume that
// numbers are finite.

struct Parameters {
  size: u32,
  // Elements of one workgroup's share.
  share: u32,
  // Where this run's flags start.
  first: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> gradient: array<u32>;
@group(0) @binding(2) var<storage, read_write> flags: array<u32>;

const threads = ${THREADS}u;
const MAGNITUDE = 0x7fffffffu;
const LIMIT = 0x59000000u; // 2^51
var<workgroup> unfit: array<u32, threads>;

@compute @workgroup_size($THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let begin = group.x * parameters.share;
  let end = min(begin + parameters.share, parameters.size);
  var largest = 0u;
  for (var i = begin + thread; i < end; i += threads) {
    largest = max(largest, gradient[i] & MAGNITUDE);
  }
  unfit[thread] = largest;
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { unfit[thread] = max(unfit[thread], unfit[thread + half]); }
  }
  workgroupBarrier();
  if (thread == 0u) { flags[parameters.first + group.x] = select(0u, 1u, unfit[0] >= LIMIT); }
}
