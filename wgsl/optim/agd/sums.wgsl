// Adds up ranges of partial sums, in a fixed order, or with LARGEST finds the largest of each. One
// workgroup a range.

struct Parameters {
  // Where the sums start.
  first: u32,
  ranges: u32,
}

struct Range {
  first: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> ranges: array<Range>;
@group(0) @binding(2) var<storage, read> partials: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;

const threads = ${THREADS}u;
var<workgroup> partial: array<f32, threads>;

fn joined(a: f32, b: f32) -> f32 {
  //: if LARGEST
  return max(a, b);
  //: else
  return a + b;
  //: end
}

@compute @workgroup_size($THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let r = group.x + group.y * groups.x;
  if (r >= parameters.ranges) { return; }
  let range = ranges[r];
  var sum = 0.0;
  for (var p = thread; p < range.count; p += threads) {
    sum = joined(sum, partials[range.first + p]);
  }
  partial[thread] = sum;
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { partial[thread] = joined(partial[thread], partial[thread + half]); }
  }
  workgroupBarrier();
  if (thread == 0u) { sums[parameters.first + r] = partial[0]; }
}
