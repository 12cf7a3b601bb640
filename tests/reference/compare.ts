/**
 * How far `actual` is from `expected`: ‖actual - expected‖₂ / ‖expected‖₂. Where `expected` is all
 * zeros there is nothing to be relative to, and it is the absolute error ‖actual‖₂.
 *
 * @throws {RangeError} If the lengths differ.
 */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) {
    throw new RangeError(`${actual.length} numbers compared with ${expected.length}`);
  }
  let difference = 0;
  let magnitude = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    magnitude += expected[i] ** 2;
  }
  return Math.sqrt(magnitude === 0 ? difference : difference / magnitude);
}
