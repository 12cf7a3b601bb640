// Whether any of a workgroup's share of the gradients is not a number, infinite, or at least 2^51:
// the sum of 2^25 such squares would be infinite. By bits, as WGSL lets a driver assume that
// numbers are finite. If CLIPPED, also the share's sum of squares, in a fixed order.

struct Parameters {
  size: u32,
  // Elements of one workgroup's share.
  share: u32,
  // Where this span's findings start.
  first: u32,
}

struct Finding {
  unfit: u32,
  squares: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> gradient: array<u32>;
@group(0) @binding(2) var<storage, read_write> findings: array<Finding>;

const threads = ${THREADS}u;
const MAGNITUDE = 0x7fffffffu;
const LIMIT = 0x59000000u; // 2^51
var<workgroup> unfit: array<u32, threads>;
//: if CLIPPED
//: include workgroup_sum T=f32
//: end

@compute @workgroup_size($THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let begin = group.x * parameters.share;
  let end = min(begin + parameters.share, parameters.size);
  var largest = 0u;
  var squares = 0.0;
  for (var i = begin + thread; i < end; i += threads) {
    let bits = gradient[i];
    largest = max(largest, bits & MAGNITUDE);
//: if CLIPPED
    let g = bitcast<f32>(bits);
    squares += g * g;
//: end
  }
  unfit[thread] = largest;
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { unfit[thread] = max(unfit[thread], unfit[thread + half]); }
  }
//: if CLIPPED
  squares = workgroup_sum(squares, thread);
//: end
  workgroupBarrier();
  if (thread == 0u) {
    findings[parameters.first + group.x] = Finding(select(0u, 1u, unfit[0] >= LIMIT), squares);
  }
}
