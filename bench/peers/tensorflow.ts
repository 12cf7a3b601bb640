import { UserError } from "../../src/errors.ts";
import type { Load } from "./load.ts";
import type { ProductPeer } from "./product.ts";

/** TensorFlow.js, and its backend for WebGPU. */
const NAMES = ["@tensorflow/tfjs-core@4.22.0", "@tensorflow/tfjs-backend-webgpu@4.22.0"] as const;

interface TfTensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

/** As much of TensorFlow.js as is used here. */
interface Tf {
  setBackend(name: string): Promise<boolean>;
  tensor2d(values: Float32Array, shape: [number, number]): TfTensor;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  slice(x: TfTensor, begin: number[], size: number[]): TfTensor;
}

/**
 * Loads TensorFlow.js, which opens a device of its own; returns products of square matrices.
 *
 * @throws {UserError} If it cannot be loaded, or has no WebGPU here.
 */
export async function openTensorFlow(load: Load): Promise<ProductPeer> {
  const tf = await load(NAMES[0]) as Tf;
  await load(NAMES[1]);
  if (!await tf.setBackend("webgpu")) throw new UserError(`${NAMES[1]} finds no adapter`);
  return (size, values) => {
    const [a, b] = values.map((each) => tf.tensor2d(each, [size, size]));
    return {
      async run(times) {
        for (let i = 1; i < times; i++) tf.matMul(a, b).dispose();
        const last = tf.matMul(a, b);
        const one = tf.slice(last, [0, 0], [1, 1]); // it has no other way to wait
        await one.data();
        one.dispose();
        last.dispose();
      },
      async read() {
        const product = tf.matMul(a, b);
        const values = await product.data();
        product.dispose();
        return values;
      },
      [Symbol.dispose]() {
        a.dispose();
        b.dispose();
      },
    };
  };
}
