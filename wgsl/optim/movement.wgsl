// How far weights have come since the last outer step, as a gradient, which holds where they were:
// g <- (g - W) / processes.

struct Parameters {
  size: u32,
  processes: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
//: include read_scalars NAME=weight BINDING=1 TYPE=f32
//: include read_write NAME=gradient BINDING=2 FROM=3

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size) { return; }
  gradient[i] = (read_gradient(i) - read_weight(i)) / parameters.processes;
}
