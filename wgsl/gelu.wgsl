// GELU, tanh approximation (Hendrycks and Gimpel 2016):
//   y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
// BACKWARD turns dy into dx in place. (1 + tanh u) / 2 is written as 1 / (1 + exp(-2u)), with
// exp(-2|u|) for both signs of u: it neither overflows nor cancels.

struct Parameters {
  size: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<f32>;
// BACKWARD: dy on entry, dx on return.
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const scale = 0.7978845608028654;
const cubic = 0.044715;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size) { return; }
  let v = x[i];
  let u = scale * (v + cubic * v * v * v);
  let decay = exp(-2.0 * abs(u));
  let share = select(decay, 1.0, u >= 0.0) / (1.0 + decay);
  //: if BACKWARD
  let slope = 2.0 * decay / ((1.0 + decay) * (1.0 + decay));
  let du = scale * (1.0 + 3.0 * cubic * v * v);
  y[i] *= share + v * slope * du;
  //: else
  y[i] = v * share;
  //: end
}
