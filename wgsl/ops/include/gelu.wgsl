// GELU, tanh approximation (Hendrycks and Gimpel 2016):
//   y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
// (1 + tanh u) / 2 is written as 1 / (1 + exp(-2u)), with exp(-2|u|) for both signs of u: it
// neither overflows nor cancels.

const gelu_scale = 0.7978845608028654;
const gelu_cubic = 0.044715;

fn gelu(x: $T) -> $T {
  let u = gelu_scale * (x + gelu_cubic * x * x * x);
  let decay = exp(-2.0 * abs(u));
  return x * select(decay, $T(1.0), u >= $T(0.0)) / (1.0 + decay);
}

fn gelu_derivative(x: $T) -> $T {
  let u = gelu_scale * (x + gelu_cubic * x * x * x);
  let decay = exp(-2.0 * abs(u));
  let share = select(decay, $T(1.0), u >= $T(0.0)) / (1.0 + decay);
  let slope = 2.0 * decay / ((1.0 + decay) * (1.0 + decay));
  return share + x * slope * gelu_scale * (1.0 + 3.0 * gelu_cubic * x * x);
}
