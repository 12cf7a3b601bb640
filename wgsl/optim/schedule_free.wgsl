// The average x of iterates z, and the weights y between the two at which the next gradients are
// taken: x <- x + c (z - x),  y <- z + b (x - z).

struct Parameters {
  size: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// [1]: c, [2]: b
@group(0) @binding(1) var<uniform> weighting: vec4f;
//: include read_scalars NAME=iterate BINDING=2 TYPE=f32
//: include read_write NAME=average BINDING=3 FROM=5
@group(0) @binding(4) var<storage, read_write> weight: array<f32>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size) { return; }
  let z = read_iterate(i);
  let before = read_average(i);
  let x = before + weighting[1] * (z - before);
  average[i] = x;
  weight[i] = z + weighting[2] * (x - z);
}
