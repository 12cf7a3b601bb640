import { UserError } from "../../src/errors.ts";
import type { Load } from "./load.ts";
import type { ProductPeer } from "./product.ts";

/** What is measured of jax-js. */
const NAME = "@jax-js/jax@0.1.25";

/** An array of jax-js. Each use of it consumes a reference; `ref` is one more. */
export interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray): JaxArray;
  sub(other: JaxArray): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  sum(): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
}

/** Arrays by name, which jax-js differentiates as one. */
export type JaxTree = Record<string, JaxArray>;

/** A loss of parameters, given inputs and targets. */
export type JaxLoss = (weights: JaxTree, inputs: JaxArray, targets: JaxArray) => JaxArray;

/** A step of training: the loss, and the parameters after it. */
export type JaxStep = (
  weights: JaxTree,
  inputs: JaxArray,
  targets: JaxArray,
) => [JaxArray, JaxTree];

/** As much of jax-js as is used here. */
export interface Jax {
  init(device: string): Promise<readonly string[]>;
  defaultDevice(device: string): string;
  blockUntilReady<T>(value: T): Promise<T>;
  jit(step: JaxStep): JaxStep;
  valueAndGrad(loss: JaxLoss): (...of: Parameters<JaxLoss>) => [JaxArray, JaxTree];
  numpy: {
    int32: string;
    array(values: Float32Array | Int32Array, options?: { dtype: string }): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    transpose(a: JaxArray): JaxArray;
    split(a: JaxArray, parts: number, axis: number): JaxArray[];
  };
  nn: {
    oneHot(indices: JaxArray, classes: number): JaxArray;
    standardize(x: JaxArray, axis: number): JaxArray;
    gelu(x: JaxArray, options: { approximate: boolean }): JaxArray;
    logSoftmax(x: JaxArray, axis: number): JaxArray;
    dotProductAttention(
      query: JaxArray,
      key: JaxArray,
      value: JaxArray,
      options: { isCausal: boolean },
    ): JaxArray;
  };
}

/**
 * Loads jax-js, which opens a device of its own.
 *
 * @throws {UserError} If it cannot be loaded, or has no WebGPU here.
 */
export async function openJax(load: Load): Promise<Jax> {
  const jax = await load(NAME) as Jax;
  const devices = await jax.init("webgpu");
  if (!devices.includes("webgpu")) throw new UserError(`${NAME} finds no adapter`);
  jax.defaultDevice("webgpu");
  return jax;
}

/** Products of square matrices with jax-js. */
export function jaxProduct({ numpy, blockUntilReady }: Jax): ProductPeer {
  return (size, values) => {
    const [a, b] = values.map((each) => numpy.array(each).reshape([size, size]));
    return {
      async run(times) {
        let x = a.ref;
        // Each of the last one: jax-js does not compute what nobody uses.
        for (let i = 0; i < times; i++) x = numpy.matmul(x, b.ref);
        await blockUntilReady(x);
        x.dispose();
      },
      read: () => numpy.matmul(a.ref, b.ref).data(),
      [Symbol.dispose]() {
        a.dispose();
        b.dispose();
      },
    };
  };
}
