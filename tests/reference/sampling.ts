/** How a token is drawn. */
export interface Sampling {
  temperature?: number;
  topK?: number;
  topP?: number;
}

/**
 * The probability of each token: the softmax of logits / temperature over the `topK` likeliest, and
 * of these over the fewest likeliest whose probabilities add up to `topP`. Of equal logits the first
 * ones are the likeliest.
 */
export function distribution(
  logits: ArrayLike<number>,
  { temperature = 1, topK = logits.length, topP = 1 }: Sampling,
): Float64Array {
  const maximum = Math.max(...Array.from(logits));
  const likeliest = Array.from(logits, (_, token) => token)
    .sort((a, b) => logits[b] - logits[a] || a - b)
    .slice(0, temperature === 0 ? 1 : topK);
  const weightOf = (token: number) =>
    temperature === 0 ? 1 : Math.exp((logits[token] - maximum) / temperature);
  const total = likeliest.reduce((sum, token) => sum + weightOf(token), 0);
  const probabilities = new Float64Array(logits.length);
  let sum = 0;
  for (const token of likeliest) {
    if (sum >= topP * total) break;
    probabilities[token] = weightOf(token);
    sum += weightOf(token);
  }
  return probabilities.map((weight) => weight / sum);
}

/** Threefry-2x32 with 20 rounds (Salmon et al. 2011): random bits from a key and a counter. */
export function threefry(key: readonly number[], counter: readonly number[]): [number, number] {
  const rotations = [13, 15, 26, 6, 17, 29, 16, 24];
  const keys = [key[0], key[1], key[0] ^ key[1] ^ 0x1bd11bda];
  let [x, y] = [(counter[0] + key[0]) | 0, (counter[1] + key[1]) | 0];
  for (let round = 0; round < 20; round++) {
    const bits = rotations[round % 8];
    x = (x + y) | 0;
    y = ((y << bits) | (y >>> (32 - bits))) ^ x;
    if (round % 4 !== 3) continue;
    const injection = (round + 1) / 4;
    x = (x + keys[injection % 3]) | 0;
    y = (y + keys[(injection + 1) % 3] + injection) | 0;
  }
  return [x >>> 0, y >>> 0];
}
