/** Added to the variance, as in GPT-2. */
const EPSILON = 1e-5;

/** The mean of row n of x (N, C) and the reciprocal of its standard deviation. */
function statistics(x: Float64Array, n: number, C: number): { mean: number; rstd: number } {
  let mean = 0;
  for (let c = 0; c < C; c++) mean += x[n * C + c] / C;
  let variance = 0;
  for (let c = 0; c < C; c++) variance += (x[n * C + c] - mean) ** 2 / C;
  return { mean, rstd: 1 / Math.sqrt(variance + EPSILON) };
}

/**
 * Layer normalisation (Ba et al. 2016) of each row: y = gain · (x - mean) / deviation + bias.
 *
 * @param x (N, C)
 * @param gain (C)
 * @param bias (C)
 * @returns y (N, C)
 */
export function forward(
  x: Float64Array,
  gain: Float64Array,
  bias: Float64Array,
  N: number,
  C: number,
): Float64Array {
  const y = new Float64Array(N * C);
  for (let n = 0; n < N; n++) {
    const { mean, rstd } = statistics(x, n, C);
    for (let c = 0; c < C; c++) {
      y[n * C + c] = gain[c] * (x[n * C + c] - mean) * rstd + bias[c];
    }
  }
  return y;
}

/**
 * With x̂ the normalised row and dx̂ = gain · dy, the mean and the deviation being functions of the
 * row too: dx = (dx̂ - mean(dx̂) - x̂ · mean(dx̂ · x̂)) / deviation.
 *
 * @param dy (N, C)
 * @returns dx (N, C), dgain (C), dbias (C)
 */
export function backward(
  dy: Float64Array,
  x: Float64Array,
  gain: Float64Array,
  N: number,
  C: number,
): { dx: Float64Array; dgain: Float64Array; dbias: Float64Array } {
  const dx = new Float64Array(N * C);
  const dgain = new Float64Array(C);
  const dbias = new Float64Array(C);
  for (let n = 0; n < N; n++) {
    const { mean, rstd } = statistics(x, n, C);
    let meanOfDxhat = 0;
    let meanOfDxhatXhat = 0;
    for (let c = 0; c < C; c++) {
      const xhat = (x[n * C + c] - mean) * rstd;
      const dxhat = gain[c] * dy[n * C + c];
      meanOfDxhat += dxhat / C;
      meanOfDxhatXhat += dxhat * xhat / C;
      dgain[c] += dy[n * C + c] * xhat;
      dbias[c] += dy[n * C + c];
    }
    for (let c = 0; c < C; c++) {
      const xhat = (x[n * C + c] - mean) * rstd;
      const dxhat = gain[c] * dy[n * C + c];
      dx[n * C + c] = (dxhat - meanOfDxhat - xhat * meanOfDxhatXhat) * rstd;
    }
  }
  return { dx, dgain, dbias };
}
