const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/**
 * The Gaussian error linear unit in its tanh approximation (Hendrycks and Gimpel 2016, section 2):
 * y = x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))).
 *
 * @param x any length
 * @returns y, as long as x
 */
export function forward(x: Float64Array): Float64Array {
  const y = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const t = Math.tanh(SCALE * (x[i] + CUBIC * x[i] ** 3));
    y[i] = 0.5 * x[i] * (1 + t);
  }
  return y;
}

/**
 * dx = dy · y'(x), where tanh' = 1 - tanh².
 *
 * @param dy as long as x
 * @returns dx, as long as x
 */
export function backward(dy: Float64Array, x: Float64Array): { dx: Float64Array } {
  const dx = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const t = Math.tanh(SCALE * (x[i] + CUBIC * x[i] ** 3));
    const dt = (1 - t * t) * SCALE * (1 + 3 * CUBIC * x[i] ** 2);
    dx[i] = dy[i] * (0.5 * (1 + t) + 0.5 * x[i] * dt);
  }
  return { dx };
}
