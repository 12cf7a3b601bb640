import { UserError } from "../../errors.ts";

/**
 * Values as 16-bit floats.
 *
 * @param name The tensor, for the error.
 * @throws {UserError} If one of them is too large.
 */
export function narrow(name: string, values: Float32Array): Float16Array {
  const narrowed = new Float16Array(values);
  const wrong = narrowed.findIndex((value, i) =>
    !Number.isFinite(value) && Number.isFinite(values[i])
  );
  if (wrong < 0) return narrowed;
  throw new UserError(
    `tensor ${name} has the value ${values[wrong]}, which F16 cannot hold`,
    "CHECKPOINT",
  );
}

/**
 * Values as 32-bit floats.
 *
 * @param dtype What they are: F32, F16 or BF16.
 */
export function widen(bytes: ArrayBuffer, dtype: string): Float32Array<ArrayBuffer> {
  if (dtype === "F16") return new Float32Array(new Float16Array(bytes));
  if (dtype === "BF16") {
    // A bfloat16 is the upper half of a float32.
    return new Float32Array(Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer);
  }
  return new Float32Array(bytes);
}
