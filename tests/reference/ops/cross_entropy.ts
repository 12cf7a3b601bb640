/** log Σ exp(logits) of row n of (N, V), shifted by the row's maximum so that it cannot overflow. */
function logSumExp(logits: Float64Array, n: number, V: number): number {
  let max = -Infinity;
  for (let v = 0; v < V; v++) max = Math.max(max, logits[n * V + v]);
  let sum = 0;
  for (let v = 0; v < V; v++) sum += Math.exp(logits[n * V + v] - max);
  return max + Math.log(sum);
}

/**
 * The cross-entropy of softmax(logits) against the target of each row, in nats.
 *
 * @param logits (N, V)
 * @param targets (N), each in [0, V)
 * @returns losses (N) and their mean
 */
export function forward(
  logits: Float64Array,
  targets: ArrayLike<number>,
  N: number,
  V: number,
): { loss: number; losses: Float64Array } {
  const losses = new Float64Array(N);
  let loss = 0;
  for (let n = 0; n < N; n++) {
    losses[n] = logSumExp(logits, n, V) - logits[n * V + targets[n]];
    loss += losses[n] / N;
  }
  return { loss, losses };
}

/**
 * The gradient of the mean loss: (softmax(logits) - one-hot(target)) / N.
 *
 * @returns dlogits (N, V)
 */
export function backward(
  logits: Float64Array,
  targets: ArrayLike<number>,
  N: number,
  V: number,
): { dlogits: Float64Array } {
  const dlogits = new Float64Array(N * V);
  for (let n = 0; n < N; n++) {
    const normaliser = logSumExp(logits, n, V);
    for (let v = 0; v < V; v++) {
      dlogits[n * V + v] = Math.exp(logits[n * V + v] - normaliser) / N;
    }
    dlogits[n * V + targets[n]] -= 1 / N;
  }
  return { dlogits };
}
