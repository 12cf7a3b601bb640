import type { Gpu } from "../../src/gpu/gpu.ts";
import { matmul } from "../../src/ops/matmul/matmul.ts";
import { polarFactor, polarWorkspaces } from "../../src/ops/polar/polar.ts";
import { POLAR_STEPS } from "../../src/optim/agd/polar.ts";
import { matmulFlops } from "../formulas.ts";
import { fillRandom, type Scratch } from "../scratch.ts";
import type { KernelCase } from "./case.ts";
import type { Rows } from "./sizes.ts";

/**
 * The matrix products of a block: for each linear layer y = x W + b (NN), dx = dy Wᵀ (NT) and
 * dW += xᵀ dy (TN), named with op(A)'s rows, op(B)'s columns and the length of the sums. GELU and
 * its derivative are part of two of them.
 */
export function blockProducts(gpu: Gpu, scratch: Scratch, { tokens, width }: Rows): KernelCase[] {
  const linears = [
    { name: "c_attn", k: width, n: 3 * width },
    { name: "attn.c_proj", k: width, n: width },
    { name: "c_fc", k: width, n: 4 * width, forwardGelu: true },
    { name: "mlp.c_proj", k: 4 * width, n: width, backwardGelu: true },
  ];
  return linears.flatMap(({ name, k, n, forwardGelu, backwardGelu }) => {
    const [x, dx] = [0, 1].map(() => scratch.numbers([tokens, k]));
    const [weight, dweight] = [0, 1].map(() => scratch.numbers([k, n]));
    const y = scratch.numbers([tokens, n]);
    const bias = scratch.numbers([n]);
    const activated = forwardGelu ? scratch.numbers([tokens, n]) : undefined;
    const geluOf = backwardGelu ? x : undefined;
    return [
      product(
        `${name} NN${activated ? " + GELU" : ""}`,
        { m: tokens, n, k },
        (plan, shape) => matmul(gpu, plan, { ...shape, a: x, b: weight, bias, out: y, activated }),
      ),
      product(
        `${name} NT${geluOf ? " + GELU backward" : ""}`,
        { m: tokens, n: k, k: n },
        (plan, shape) =>
          matmul(gpu, plan, { ...shape, a: y, b: weight, bTransposed: true, out: dx, geluOf }),
      ),
      product(`${name} TN`, { m: k, n, k: tokens }, (plan, shape) => {
        const operands = { a: x, aTransposed: true, b: y, out: dweight };
        matmul(gpu, plan, { ...shape, ...operands, beta: 1 });
      }),
    ];
  });
}

/**
 * Products of square matrices: stored in 32 bits, in 16 where the adapter has them, a symmetric one
 * of which half is computed, and all of those of a polar factor.
 */
export function squareProducts(gpu: Gpu, scratch: Scratch, size: number): KernelCase[] {
  const shape = { m: size, n: size, k: size };
  const cases = (["f32", ...gpu.hasF16 ? ["f16"] as const : []] as const).map((type) => {
    const [a, b, out] = [0, 1, 2].map(() => scratch.numbers([size, size], undefined, type));
    const name = `square NN${type === "f16" ? " of 16 bits" : ""}`;
    const append: Append = (plan, shape) => matmul(gpu, plan, { a, b, out, ...shape });
    return product(name, shape, append, type === "f16" ? 2 : 4);
  });
  const [x, gram] = [0, 1].map(() => scratch.numbers([size, size]));
  const symmetric = product("square NT, symmetric", shape, (plan, shape) => {
    matmul(gpu, plan, { a: x, b: x, bTransposed: true, symmetric: true, out: gram, ...shape });
  });
  const { workspaces: [workspace], memory } = polarWorkspaces(gpu, [[1, size, size]]);
  for (const tensor of memory) scratch.own(tensor);
  fillRandom(gpu, workspace.x, 1 / size);
  const flops = matmulFlops(size, size, size);
  return [
    ...cases,
    // What it needs at least, as in the next: half of each symmetric product.
    { ...symmetric, flops: flops / 2 },
    {
      name: `polar factor, ${POLAR_STEPS.length} steps, ${size} x ${size}`,
      flops: POLAR_STEPS.length * 2 * flops,
      bytes: 4 * 2 * size * size,
      append: (plan) => void polarFactor(gpu, plan, workspace, POLAR_STEPS),
    },
  ];
}

interface ProductShape {
  m: number;
  n: number;
  k: number;
}

type Append = (plan: Parameters<KernelCase["append"]>[0], shape: ProductShape) => void;

/** @param width Bytes of an element. */
function product(name: string, shape: ProductShape, append: Append, width = 4): KernelCase {
  const { m, n, k } = shape;
  return {
    name: `${name}, ${m} x ${n} x ${k}`,
    flops: matmulFlops(m, n, k),
    bytes: width * (m * k + k * n + m * n),
    append: (plan) => append(plan, shape),
  };
}
