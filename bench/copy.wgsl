// to = from, VECTORS vec4s an invocation: one after the other, or with INTERLEAVED those of a
// workgroup's invocations side by side.

struct Parameters {
  // A multiple of what a workgroup copies.
  vectors: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> copy: array<vec4f>;

@compute @workgroup_size($THREADS)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let group = (id.x + id.y * groups.x) * ${THREADS}u * ${VECTORS}u;
  if (group >= parameters.vectors) { return; }
//: if INTERLEAVED
  let first = group + thread;
  const step = ${THREADS}u;
//: else
  let first = group + thread * ${VECTORS}u;
  const step = 1u;
//: end
//: for i in 0..VECTORS
  copy[first + ${i}u * step] = source[first + ${i}u * step];
//: end
}
