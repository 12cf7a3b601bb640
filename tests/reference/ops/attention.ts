/** B sequences of T tokens, width C, `heads` heads of C / heads columns each. */
export interface AttentionSizes {
  B: number;
  T: number;
  C: number;
  heads: number;
}

/** Where head h's query, key and value of token (b, t) start in qkv (B, T, 3C). */
function offsets(b: number, t: number, h: number, { T, C, heads }: AttentionSizes) {
  const query = (b * T + t) * 3 * C + h * (C / heads);
  return { query, key: query + C, value: query + 2 * C };
}

/** How much token t attends to tokens 0..t: softmax(query[t] · key[u] / √(head size)), u ≤ t. */
function attentionRow(
  qkv: Float64Array,
  b: number,
  t: number,
  h: number,
  sizes: AttentionSizes,
): Float64Array {
  const headSize = sizes.C / sizes.heads;
  const row = new Float64Array(t + 1);
  const { query } = offsets(b, t, h, sizes);
  let max = -Infinity;
  for (let u = 0; u <= t; u++) {
    const { key } = offsets(b, u, h, sizes);
    for (let d = 0; d < headSize; d++) row[u] += qkv[query + d] * qkv[key + d];
    row[u] /= Math.sqrt(headSize);
    max = Math.max(max, row[u]);
  }
  let sum = 0;
  for (let u = 0; u <= t; u++) {
    row[u] = Math.exp(row[u] - max);
    sum += row[u];
  }
  for (let u = 0; u <= t; u++) row[u] /= sum;
  return row;
}

/**
 * Causal multi-head attention (Vaswani et al. 2017, equation 1): each head averages the values of
 * the tokens so far, weighted by how well their keys match the query.
 *
 * @param qkv (B, T, 3C): query, key and value side by side, each C columns, head after head
 * @returns y (B, T, C), head after head
 */
export function forward(qkv: Float64Array, sizes: AttentionSizes): Float64Array {
  const { B, T, C, heads } = sizes;
  const headSize = C / heads;
  const y = new Float64Array(B * T * C);
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < T; t++) {
        const attention = attentionRow(qkv, b, t, h, sizes);
        const out = (b * T + t) * C + h * headSize;
        for (let u = 0; u <= t; u++) {
          const { value } = offsets(b, u, h, sizes);
          for (let d = 0; d < headSize; d++) y[out + d] += attention[u] * qkv[value + d];
        }
      }
    }
  }
  return y;
}

/**
 * Through the weighted sum to the values and the attention, through the softmax
 * (dscore = attention · (dattention - Σ attention · dattention)), then to query and key.
 *
 * @param dy (B, T, C)
 * @returns dqkv (B, T, 3C)
 */
export function backward(
  dy: Float64Array,
  qkv: Float64Array,
  sizes: AttentionSizes,
): { dqkv: Float64Array } {
  const { B, T, C, heads } = sizes;
  const headSize = C / heads;
  const dqkv = new Float64Array(B * T * 3 * C);
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < heads; h++) {
      for (let t = 0; t < T; t++) {
        const attention = attentionRow(qkv, b, t, h, sizes);
        const out = (b * T + t) * C + h * headSize;

        const dattention = new Float64Array(t + 1);
        let mean = 0;
        for (let u = 0; u <= t; u++) {
          const { value } = offsets(b, u, h, sizes);
          for (let d = 0; d < headSize; d++) {
            dattention[u] += dy[out + d] * qkv[value + d];
            dqkv[value + d] += attention[u] * dy[out + d];
          }
          mean += attention[u] * dattention[u];
        }

        const { query } = offsets(b, t, h, sizes);
        for (let u = 0; u <= t; u++) {
          const { key } = offsets(b, u, h, sizes);
          const dscore = attention[u] * (dattention[u] - mean) / Math.sqrt(headSize);
          for (let d = 0; d < headSize; d++) {
            dqkv[query + d] += dscore * qkv[key + d];
            dqkv[key + d] += dscore * qkv[query + d];
          }
        }
      }
    }
  }
  return { dqkv };
}
