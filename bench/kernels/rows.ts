import type { Gpu } from "../../src/gpu/gpu.ts";
import { columnSums, columnSumsScratch } from "../../src/ops/column_sums.ts";
import { embedding, embeddingBackward, sortedPlaces } from "../../src/ops/embedding.ts";
import { gelu } from "../../src/ops/gelu.ts";
import { layerNorm, layerNormBackward } from "../../src/ops/layer_norm.ts";
import type { Scratch } from "../scratch.ts";
import type { KernelCase } from "./case.ts";
import type { OutputSize, Rows } from "./sizes.ts";

const CONTEXT = 1024;

/** The operations that take their time for memory rather than for arithmetic. */
export function rowCases(gpu: Gpu, scratch: Scratch, size: OutputSize): KernelCase[] {
  return [
    ...layerNormCases(gpu, scratch, size),
    ...widerCases(gpu, scratch, size),
    ...embeddingCases(gpu, scratch, size),
  ];
}

function layerNormCases(gpu: Gpu, scratch: Scratch, { tokens: N, width: C }: Rows): KernelCase[] {
  const [x, y, dy, dx] = Array.from({ length: 4 }, () => scratch.numbers([N, C]));
  const [gain, bias, dgain, dbias] = Array.from({ length: 4 }, () => scratch.numbers([C]));
  const statistics = scratch.numbers([N, 2]);
  const sums = scratch.numbers([columnSumsScratch(N, C)]);
  return [
    {
      name: `layer norm, ${N} x ${C}`,
      bytes: 4 * 2 * N * C, // x, y
      append: (plan) => layerNorm(gpu, plan, { x, gain, bias, y, statistics }),
    },
    {
      name: `layer norm backward, ${N} x ${C}`,
      bytes: 4 * 4 * N * C, // x, dy, and dx twice
      append: (plan) =>
        layerNormBackward(gpu, plan, {
          ...{ x, gain, statistics, dy, dx, dgain, dbias, scratch: sums },
        }),
    },
  ];
}

/** Those on the MLP's 4 C columns. */
function widerCases(gpu: Gpu, scratch: Scratch, { tokens: N, width }: Rows): KernelCase[] {
  const C = 4 * width;
  const [x, y] = [0, 1].map(() => scratch.numbers([N, C]));
  const total = scratch.numbers([C]);
  const sums = scratch.numbers([columnSumsScratch(N, C)]);
  return [
    {
      name: `GELU, ${N} x ${C}`,
      bytes: 4 * 2 * N * C, // x, y
      append: (plan) => gelu(gpu, plan, x, y),
    },
    {
      name: `column sums, ${N} x ${C}`,
      bytes: 4 * N * C,
      append: (plan) => columnSums(gpu, plan, x, total, sums),
    },
  ];
}

function embeddingCases(gpu: Gpu, scratch: Scratch, size: OutputSize): KernelCase[] {
  const { tokens: N, width: C, vocabulary: V } = size;
  const length = Math.min(N, CONTEXT);
  const { tensor: tokens, values } = scratch.integers(N, V);
  const order = scratch.integersOf(sortedPlaces(values));
  const start = scratch.integersOf(Uint32Array.of(0));
  const [x, dx] = [0, 1].map(() => scratch.numbers([N, C]));
  const [wte, dwte] = [0, 1].map(() => scratch.numbers([V, C]));
  const [wpe, dwpe] = [0, 1].map(() => scratch.numbers([length, C]));
  const name = `${N} x ${C}, vocabulary ${V}`;
  return [
    {
      name: `embedding, ${name}`,
      bytes: 4 * (2 * N + length) * C, // rows of wte and wpe, x
      append: (plan) => embedding(gpu, plan, { tokens, wte, wpe, start, x, length }),
    },
    {
      name: `embedding backward, ${name}`,
      // dx, and twice the rows of dwte and dwpe
      bytes: 4 * (N + 2 * new Set(values).size + 2 * length) * C,
      append: (plan) => embeddingBackward(gpu, plan, { tokens, order, dx, dwte, dwpe, length }),
    },
  ];
}
