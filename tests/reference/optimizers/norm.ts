/** ‖x‖₂; of a matrix, ‖x‖_F. */
export function norm(x: Float64Array): number {
  return Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
}

/** x / divisor, and all zeros where the divisor is 0: a zero gradient has no direction. */
export function quotient(x: Float64Array, divisor: number): Float64Array {
  return divisor === 0 ? new Float64Array(x.length) : x.map((value) => value / divisor);
}
