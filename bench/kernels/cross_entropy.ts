import type { Gpu } from "../../src/gpu/gpu.ts";
import { Plan } from "../../src/gpu/plan.ts";
import { rowSlices, type Tensor } from "../../src/gpu/tensor.ts";
import { crossEntropy, logitRows, paddedVocabulary } from "../../src/ops/cross_entropy.ts";
import { matmul } from "../../src/ops/matmul/matmul.ts";
import { matmulFlops } from "../formulas.ts";
import type { Machine } from "../machine.ts";
import type { Peak } from "../peak.ts";
import type { Result } from "../result.ts";
import { Scratch } from "../scratch.ts";
import { kernelResult } from "./case.ts";
import type { OutputSize } from "./sizes.ts";

/**
 * Measures the output layer with its loss, without and with gradients, and how many times as long
 * it takes as its bare matrix products, in turns with these.
 */
export async function* benchCrossEntropy(
  machine: Machine,
  size: OutputSize,
  peak: Peak,
): AsyncGenerator<Result> {
  const { gpu, stopwatch } = machine;
  const { tokens: N, width: C, vocabulary: V } = size;
  using scratch = new Scratch(gpu);
  const padded = paddedVocabulary(V);
  const [wte, dwte] = [0, 1].map(() => scratch.numbers([V, C], padded * C));
  const [x, dx] = [0, 1].map(() => scratch.numbers([N, C]));
  const { tensor: targets } = scratch.integers(N, V);
  const losses = scratch.numbers([N]);
  const logits = scratch.numbers([logitRows(gpu, N, V), padded]);
  const op = { x, wte, targets, losses, logits };
  for (const backward of [false, true]) {
    const append = (plan: Plan) => crossEntropy(gpu, plan, backward ? { ...op, dx, dwte } : op);
    const appendBare = (plan: Plan) =>
      bareProducts(gpu, plan, op, backward ? { dx, dwte } : undefined);
    await machine.prepare(() => [append, appendBare].forEach((append) => append(new Plan(gpu))));
    using fused = new Plan(gpu);
    append(fused);
    using bare = new Plan(gpu);
    appendBare(bare);
    const [seconds, bareSeconds] = await stopwatch.measure(() => fused.run(), () => bare.run());
    const result = kernelResult(
      {
        name: `cross-entropy${backward ? " with gradients" : ""}, ${N} x ${C}, vocabulary ${V}`,
        flops: (backward ? 3 : 1) * matmulFlops(N, V, C),
        // wte and x; with gradients also dx, and dwte twice
        bytes: 4 * C * (backward ? 3 * V + 2 * N : V + N),
      },
      seconds,
      peak,
    );
    yield { ...result, "times bare products": seconds / bareSeconds };
  }
}

/** Appends the products of an output layer, with as many rows of logits at a time. */
function bareProducts(
  gpu: Gpu,
  plan: Plan,
  { x, wte, logits }: { x: Tensor; wte: Tensor; logits: Tensor },
  gradients?: { dx: Tensor; dwte: Tensor },
): void {
  const [rows, width] = x.shape;
  const [chunk, padded] = logits.shape;
  for (let first = 0; first < rows; first += chunk) {
    const m = Math.min(chunk, rows - first);
    const input = x.rows(first, m);
    for (const { start, count } of rowSlices(padded, width, gpu.maxBindingBytes)) {
      const part = logits.from(start);
      const rowsOfWte = wte.rows(start, count);
      matmul(gpu, plan, {
        ...{ a: input, b: rowsOfWte, bTransposed: true, out: part, outStride: padded },
        ...{ m, n: count, k: width },
      });
      if (!gradients) continue;
      const { dx, dwte } = gradients;
      const out = dx.rows(first, m);
      matmul(gpu, plan, {
        ...{ a: part, aStride: padded, b: rowsOfWte, out, beta: start === 0 ? 0 : 1 },
        ...{ m, n: width, k: count },
      });
      matmul(gpu, plan, {
        ...{ a: part, aStride: padded, aTransposed: true, b: input },
        ...{ out: dwte.rows(start, count), beta: 1, m: count, n: width, k: m },
      });
    }
  }
}
