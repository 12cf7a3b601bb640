// dwpe[t] += the sum of dx[b, t] over the sequences b of the batch.

struct Parameters {
  // T * C: elements of one sequence.
  size: u32,
  batch: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> dx: array<f32>;
@group(0) @binding(2) var<storage, read_write> dwpe: array<f32>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size) { return; }
  var sum = 0.0;
  for (var b = 0u; b < parameters.batch; b++) { sum += dx[b * parameters.size + i]; }
  dwpe[i] += sum;
}
