/** X <- (a + b A + c A²) X with A = X Xᵀ: each singular value x becomes a x + b x³ + c x⁵. */
export type PolarStep = readonly [a: number, b: number, c: number];

/**
 * In an interval that is a smaller part of its end than this, Newton-Schulz's step is as good as the
 * best one, whose equations have lost their digits.
 */
const NARROW = 1e-4;
/** An interval is taken to end this much higher, as errors of rounding grow at its upper end. */
const MARGIN = 1.01;

/**
 * The steps that bring all singular values in [lowest, 1] the closest to 1, one after the other:
 * each is the odd quintic whose largest distance from 1 is the least over the interval that the one
 * before left them in (Amsel, Persson, Musco and Gower 2025, arXiv:2505.16932, theorem 3.1).
 *
 * @param lowest In (0, 1).
 * @param steps How many; or up to which distance from 1.
 */
export function polarSteps(
  lowest: number,
  { count = Infinity, distance = 0 }: { count?: number; distance?: number },
): PolarStep[] {
  const steps: PolarStep[] = [];
  let [low, high] = [lowest, MARGIN];
  while (steps.length < count && 1 - low > distance) {
    const step = closestToOne(low, high);
    steps.push(step);
    const end = Math.min(valueOf(step, low), 1);
    [low, high] = [end, (2 - end) * MARGIN];
  }
  return steps;
}

/** a x + b x³ + c x⁵ */
export function valueOf([a, b, c]: PolarStep, x: number): number {
  return x * (a + x * x * (b + x * x * c));
}

/**
 * The odd quintic whose largest distance E from 1 over [low, high] is the least: it is 1 - E, 1 + E,
 * 1 - E and 1 + E at four points, of which the inner two are its extrema (Remez' algorithm).
 */
function closestToOne(low: number, high: number): PolarStep {
  if (high - low < NARROW * high) return [15 / 8 / high, -10 / 8 / high ** 3, 3 / 8 / high ** 5];
  let points = [low, (3 * low + high) / 4, (low + 3 * high) / 4, high];
  while (true) {
    const rows = points.map((x, i) => [x, x ** 3, x ** 5, i % 2 === 0 ? 1 : -1, 1]);
    const [a, b, c] = solve(rows);
    // a + 3 b x² + 5 c x⁴ = 0
    const root = Math.sqrt(9 * b * b - 20 * a * c);
    const extrema = [-1, 1].map((sign) => Math.sqrt((-3 * b + sign * root) / (10 * c)));
    const next = [low, ...extrema, high];
    if (next.every((x, i) => Math.abs(x - points[i]) <= 1e-10 * x)) return [a, b, c];
    points = next;
  }
}

/** The solution of linear equations, each a row that ends in its right-hand side. */
function solve(rows: number[][]): number[] {
  const n = rows.length;
  for (let i = 0; i < n; i++) {
    const rest = rows.slice(i).sort((x, y) => Math.abs(y[i]) - Math.abs(x[i]));
    rows = [...rows.slice(0, i), ...rest];
    for (let r = 0; r < n; r++) {
      if (r === i) continue;
      const factor = rows[r][i] / rows[i][i];
      rows[r] = rows[r].map((value, c) => value - factor * rows[i][c]);
    }
  }
  return rows.map((row, i) => row[n] / row[i]);
}
