// ScheduleFree+ (Defazio 2026), after AdamW has moved the iterate z by a step of size alpha: its
// decay, the average x, and the weights y between the two at which the next gradients are taken:
//   z <- z - alpha^2 decay y,  x <- x + c (z - x),  y <- z + b (x - z)

struct Parameters {
  size: u32,
  decay: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// [0]: whether the step is skipped
@group(0) @binding(1) var<uniform> progress: vec4f;
// alpha, c, b
@group(0) @binding(2) var<uniform> factors: vec4f;
//: include read_write NAME=weight BINDING=3 FROM=6
//: include read_write NAME=iterate BINDING=4 FROM=7
//: include read_write NAME=average BINDING=5 FROM=8

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size || progress[0] != 0.0) { return; }
  let z = read_iterate(i) - factors[0] * factors[0] * parameters.decay * read_weight(i);
  let before = read_average(i);
  let x = before + factors[1] * (z - before);
  iterate[i] = z;
  average[i] = x;
  weight[i] = z + factors[2] * (x - z);
}
