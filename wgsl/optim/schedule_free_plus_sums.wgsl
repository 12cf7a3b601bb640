// Of a workgroup's share of the elements the sum of |g|, and that of g (z - x), each in a fixed order.

struct Parameters {
  size: u32,
  // Elements of one workgroup's share.
  share: u32,
  // Where this span's sums start.
  first: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> iterate: array<f32>;
@group(0) @binding(3) var<storage, read> average: array<f32>;
@group(0) @binding(4) var<storage, read_write> sums: array<vec2f>;

const threads = ${THREADS}u;
//: include workgroup_sum T=vec2f

@compute @workgroup_size($THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let begin = group.x * parameters.share;
  let end = min(begin + parameters.share, parameters.size);
  var sum = vec2f(0.0);
  for (var i = begin + thread; i < end; i += threads) {
    let g = gradient[i];
    sum += vec2f(abs(g), g * (iterate[i] - average[i]));
  }
  sum = workgroup_sum(sum, thread);
  if (thread == 0u) { sums[parameters.first + group.x] = sum; }
}
