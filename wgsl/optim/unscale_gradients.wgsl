// gradient /= loss scale, and whether any of them is not finite. The scale is a power of two, so
// nothing is rounded.

struct Parameters {
  size: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// [0]: the loss scale.
@group(0) @binding(1) var<uniform> scaling: vec4f;
@group(0) @binding(2) var<storage, read_write> overflow: atomic<u32>;
//: include read_write NAME=gradient BINDING=3 FROM=4

const EXPONENT = 0x7f800000u;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size) { return; }
  let value = read_gradient(i);
  // By bits, as WGSL lets a driver assume that numbers are finite.
  if ((bitcast<u32>(value) & EXPONENT) == EXPONENT) { atomicMax(&overflow, 1u); }
  gradient[i] = value / scaling[0];
}
