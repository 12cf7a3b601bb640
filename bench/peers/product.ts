import { Plan } from "../../src/gpu/plan.ts";
import { matmul } from "../../src/ops/matmul/matmul.ts";
import { Random } from "../../src/random.ts";
import { matmulFlops } from "../formulas.ts";
import type { Machine } from "../machine.ts";
import type { Result } from "../result.ts";
import { alternate, type AlternateOptions, checkAgree, type Run, sideBySide } from "./alternate.ts";

/** A product of two square matrices that stay on the GPU. */
export interface Product extends Disposable {
  run: Run;
  read(): Promise<Float32Array>;
}

/** Makes a product of two matrices of `size` rows and columns. */
export type ProductPeer = (size: number, values: readonly [Float32Array, Float32Array]) => Product;

/**
 * Measures a product of square matrices with ours and with a peer.
 *
 * @throws {UserError} If the two give different matrices.
 */
export async function benchProduct(
  machine: Machine,
  peer: readonly [string, ProductPeer],
  size: number,
  options: AlternateOptions,
): Promise<Result> {
  const random = new Random(1);
  const scale = Math.sqrt(12 / size); // products of products stay as large
  const numbers = () =>
    Float32Array.from({ length: size * size }, () => scale * (random.uniform() - 0.5));
  const values = [numbers(), numbers()] as const;
  const name = `${peer[0]}: product, ${size} x ${size} x ${size}`;
  using ours = await ourProduct(machine, size, values);
  using theirs = peer[1](size, values);
  await ours.run(1);
  checkAgree(name, await ours.read(), await theirs.read());
  const costs = await alternate(ours.run, theirs.run, options);
  return sideBySide(name, matmulFlops(size, size, size), costs, machine.gpu.isSoftware);
}

async function ourProduct(
  machine: Machine,
  size: number,
  values: readonly [Float32Array, Float32Array],
): Promise<Product> {
  const { gpu } = machine;
  const [a, b] = values.map((each) => gpu.tensorFrom("bench", [size, size], each));
  const out = gpu.tensor("bench", [size, size]);
  const append = (plan: Plan) => matmul(gpu, plan, { m: size, n: size, k: size, a, b, out });
  await machine.prepare(() => append(new Plan(gpu)));
  const plan = new Plan(gpu);
  append(plan);
  return {
    async run(times) {
      for (let i = 0; i < times; i++) plan.run();
      await gpu.finish();
    },
    read: () => gpu.read(out),
    [Symbol.dispose]() {
      plan[Symbol.dispose]();
      gpu.free(a, b, out);
    },
  };
}
