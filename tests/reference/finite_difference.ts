/**
 * The gradient of a scalar function by central differences, (f(x + h) - f(x - h)) / 2h, whose
 * error is about h² from the curvature and 10⁻¹⁶ / h from rounding: both near 10⁻¹⁰ at h = 10⁻⁵.
 *
 * @param f reads x, which is varied in place and put back
 * @param indices the entries of x to vary; by default all of them
 * @returns ∂f/∂x for each index
 */
export function numericalGradient(
  f: () => number,
  x: Float64Array,
  indices: number[] = [...x.keys()],
): Float64Array {
  const h = 1e-5;
  return Float64Array.from(indices, (i) => {
    const saved = x[i];
    x[i] = saved + h;
    const above = f();
    x[i] = saved - h;
    const below = f();
    x[i] = saved;
    return (above - below) / (2 * h);
  });
}
