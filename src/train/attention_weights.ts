/**
 * softmax(q kᵀ / √d) of a head, causal (Vaswani et al. 2017): the kernels never write it down, so it
 * is computed here, of their queries and keys.
 *
 * @param qkv (T, 3 C): query, key and value side by side, head after head.
 * @returns (T, T)
 */
export function attentionWeights(
  qkv: Float32Array,
  head: number,
  { width, heads }: { width: number; heads: number },
): Float32Array[] {
  const size = width / heads;
  const length = qkv.length / (3 * width);
  const dot = (query: number, key: number) => {
    const [q, k] = [query * 3 * width + head * size, key * 3 * width + width + head * size];
    let sum = 0;
    for (let i = 0; i < size; i++) sum += qkv[q + i] * qkv[k + i];
    return sum / Math.sqrt(size);
  };
  return Array.from({ length }, (_, query) => {
    const scores = Array.from({ length: query + 1 }, (_, key) => dot(query, key));
    const most = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - most));
    const sum = weights.reduce((a, b) => a + b, 0);
    const row = new Float32Array(length);
    row.set(weights.map((weight) => weight / sum));
    return row;
  });
}
