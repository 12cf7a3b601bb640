import { type Gpt2Config } from "../../src/model/config.ts";
import { parameterTable, sizeOf } from "../../src/model/parameters.ts";
import { Random } from "../../src/random.ts";

/** n normally distributed numbers with mean 0 and standard deviation `scale`. */
export function randomArray(random: Random, n: number, scale = 1): Float64Array {
  return Float64Array.from({ length: n }, () => scale * random.normal());
}

/** n random integers in [0, below). */
export function randomIntegers(random: Random, n: number, below: number): Uint32Array {
  return Uint32Array.from({ length: n }, () => random.below(below));
}

/**
 * Parameters for a test, far from any special point: weights and biases have standard deviation
 * `scale`, gains lie within a few tenths of 1. Those that the configuration does not train are 0
 * and 1.
 */
export function randomParameters(
  config: Gpt2Config,
  seed: number,
  scale: number,
): Map<string, Float64Array> {
  const random = new Random(seed);
  const parameters = new Map<string, Float64Array>();
  for (const { name, shape, role, trainable } of parameterTable(config)) {
    const values = randomArray(random, sizeOf(shape), role === "gain" ? 0.1 : scale);
    if (!trainable) values.fill(0);
    if (role === "gain") values.forEach((value, i) => values[i] = 1 + value);
    parameters.set(name, values);
  }
  return parameters;
}
