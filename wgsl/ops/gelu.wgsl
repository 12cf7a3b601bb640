// y = GELU(x), element by element.

struct Parameters {
  size: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
//: include read_scalars NAME=x BINDING=1 TYPE=$X_TYPE
@group(0) @binding(2) var<storage, read_write> y: array<$Y_TYPE>;

//: include gelu T=f32

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size) { return; }
  y[i] = ${Y_TYPE}(gelu(read_x(i)));
}
