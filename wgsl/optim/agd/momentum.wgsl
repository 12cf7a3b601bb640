// m <- b m + (1 - b) g, an average that starts at 0, and g <- m / (1 - b^t), corrected for that
// start. With GROWTH, usually 15, b is at least 1 - GROWTH / t; where it is more than beta, beta^t has
// long vanished. NESTEROV takes for g what that would be if g came once more, for which that has the
// weight 1 - beta, times (1 - b) / (1 - beta) to the power of fading. CAUTIOUS keeps the sign of the
// gradient in the last bit of m, where it costs no memory and half a rounding.

struct Parameters {
  size: u32,
  beta: f32,
  fading: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// [0]: whether the step is skipped, [1]: t, [2]: beta^t
@group(0) @binding(1) var<uniform> progress: vec4f;
//: include read_write NAME=gradient BINDING=2 FROM=4
//: include read_write NAME=momentum BINDING=3 FROM=5

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size || progress[0] != 0.0) { return; }
  //: if GROWTH
  let beta = max(parameters.beta, 1.0 - ${GROWTH}.0 / progress[1]);
  //: else
  let beta = parameters.beta;
  //: end
  let g = read_gradient(i);
  let m = mix(g, read_momentum(i), beta);
  //: if CAUTIOUS
  momentum[i] = bitcast<f32>((bitcast<u32>(m) & 0xfffffffeu) | select(0u, 1u, g < 0.0));
  //: else
  momentum[i] = m;
  //: end
  //: if NESTEROV
  let usual = 1.0 - parameters.beta;
  let kept = 1.0 - usual * pow((1.0 - beta) / usual, parameters.fading);
  gradient[i] = mix(g, m, kept) / (1.0 - progress[2] * kept);
  //: else
  gradient[i] = m / (1.0 - progress[2]);
  //: end
}
