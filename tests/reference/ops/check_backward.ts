import { assertLess } from "@std/assert";
import { relativeError } from "../compare.ts";
import { numericalGradient } from "../finite_difference.ts";

/** Σ a·b: with dy fixed, the gradient of dot(dy, f(x)) is what f's backward pass returns. */
export function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/** Asserts that `gradient` is that of `f` with respect to `x`, to a relative error of 10⁻⁸. */
export function assertIsGradient(gradient: Float64Array, f: () => number, x: Float64Array): void {
  assertLess(relativeError(gradient, numericalGradient(f, x)), 1e-8);
}
