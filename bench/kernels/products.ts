import type { Gpu } from "../../src/gpu/gpu.ts";
import { matmul } from "../../src/ops/matmul.ts";
import { matmulFlops } from "../formulas.ts";
import type { Scratch } from "../scratch.ts";
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

/** A product of square matrices. */
export function squareProduct(gpu: Gpu, scratch: Scratch, size: number): KernelCase {
  const [a, b, out] = [0, 1, 2].map(() => scratch.numbers([size, size]));
  return product(
    "square NN",
    { m: size, n: size, k: size },
    (plan, shape) => matmul(gpu, plan, { a, b, out, ...shape }),
  );
}

interface ProductShape {
  m: number;
  n: number;
  k: number;
}

function product(
  name: string,
  shape: ProductShape,
  append: (plan: Parameters<KernelCase["append"]>[0], shape: ProductShape) => void,
): KernelCase {
  const { m, n, k } = shape;
  return {
    name: `${name}, ${m} x ${n} x ${k}`,
    flops: matmulFlops(m, n, k),
    bytes: 4 * (m * k + k * n + m * n),
    append: (plan) => append(plan, shape),
  };
}
