/**
 * A linear layer, y = x W + b, on rows.
 *
 * @param x (N, fanIn)
 * @param weight (fanIn, fanOut), as Hugging Face's Conv1D stores it
 * @param bias (fanOut)
 * @returns y (N, fanOut)
 */
export function forward(
  x: Float64Array,
  weight: Float64Array,
  bias: Float64Array,
  N: number,
  fanIn: number,
  fanOut: number,
): Float64Array {
  const y = new Float64Array(N * fanOut);
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < fanOut; o++) y[n * fanOut + o] = bias[o];
    for (let i = 0; i < fanIn; i++) {
      for (let o = 0; o < fanOut; o++) {
        y[n * fanOut + o] += x[n * fanIn + i] * weight[i * fanOut + o];
      }
    }
  }
  return y;
}

/**
 * dx = dy Wᵀ, dW = xᵀ dy, db = the column sums of dy.
 *
 * @param dy (N, fanOut)
 * @returns dx (N, fanIn), dweight (fanIn, fanOut), dbias (fanOut)
 */
export function backward(
  dy: Float64Array,
  x: Float64Array,
  weight: Float64Array,
  N: number,
  fanIn: number,
  fanOut: number,
): { dx: Float64Array; dweight: Float64Array; dbias: Float64Array } {
  const dx = new Float64Array(N * fanIn);
  const dweight = new Float64Array(fanIn * fanOut);
  const dbias = new Float64Array(fanOut);
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < fanOut; o++) dbias[o] += dy[n * fanOut + o];
    for (let i = 0; i < fanIn; i++) {
      for (let o = 0; o < fanOut; o++) {
        dx[n * fanIn + i] += dy[n * fanOut + o] * weight[i * fanOut + o];
        dweight[i * fanOut + o] += x[n * fanIn + i] * dy[n * fanOut + o];
      }
    }
  }
  return { dx, dweight, dbias };
}
