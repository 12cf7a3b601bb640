/** B sequences of T tokens; a vocabulary of V tokens, `context` positions, width C. */
export interface EmbeddingSizes {
  B: number;
  T: number;
  C: number;
  V: number;
  context: number;
}

/**
 * Token plus position: x[b, t] = wte[token[b, t]] + wpe[t].
 *
 * @param tokens (B, T), each in [0, V)
 * @param wte (V, C)
 * @param wpe (context, C), of which the first T rows are used
 * @returns x (B, T, C)
 */
export function forward(
  tokens: ArrayLike<number>,
  wte: Float64Array,
  wpe: Float64Array,
  { B, T, C }: EmbeddingSizes,
): Float64Array {
  const x = new Float64Array(B * T * C);
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      const n = b * T + t;
      for (let c = 0; c < C; c++) x[n * C + c] = wte[tokens[n] * C + c] + wpe[t * C + c];
    }
  }
  return x;
}

/**
 * Each row of dx adds to its token's row and to its position's row.
 *
 * @param dx (B, T, C)
 * @returns dwte (V, C), dwpe (context, C)
 */
export function backward(
  dx: Float64Array,
  tokens: ArrayLike<number>,
  { B, T, C, V, context }: EmbeddingSizes,
): { dwte: Float64Array; dwpe: Float64Array } {
  const dwte = new Float64Array(V * C);
  const dwpe = new Float64Array(context * C);
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      const n = b * T + t;
      for (let c = 0; c < C; c++) {
        dwte[tokens[n] * C + c] += dx[n * C + c];
        dwpe[t * C + c] += dx[n * C + c];
      }
    }
  }
  return { dwte, dwpe };
}
