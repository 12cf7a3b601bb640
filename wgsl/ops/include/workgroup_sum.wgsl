// The sum of a value over the workgroup, in a fixed order; every invocation must take part. Needs
// `threads`, a power of two.

var<workgroup> partial: array<$T, threads>;

fn workgroup_sum(value: $T, thread: u32) -> $T {
  // What a sum before this one left may still be being read.
  workgroupBarrier();
  partial[thread] = value;
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { partial[thread] += partial[thread + half]; }
  }
  workgroupBarrier();
  return partial[0];
}
