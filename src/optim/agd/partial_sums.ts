import type { Gpu } from "../../gpu/gpu.ts";
import { type Plan, spread } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { WORKGROUP_SUM } from "../../ops/includes.ts";
import { rowThreads } from "../../ops/threads.ts";
import type { Span } from "../spans.ts";
import { CHUNK, chunksOf, chunkTables } from "./chunks.ts";
import type { LayerPart } from "./layers.ts";
import squaresSource from "../../../wgsl/optim/agd/squares.wgsl" with { type: "text" };
import sumsSource from "../../../wgsl/optim/agd/sums.wgsl" with { type: "text" };

/**
 * Sums to which many workgroups contribute. Each writes a partial sum to a place of its own, and
 * {@linkcode PartialSums.join} adds those of one sum up in a fixed order: which workgroup is done
 * first does not matter. How many there are is said at the start, for all sums at once, so those of
 * one sum lie side by side, whichever dispatches write them.
 */
export class PartialSums {
  /** (partial sums) */
  readonly partials: Tensor;
  /** (sums, 2): where the partial sums of each start, and how many there are. */
  readonly #ranges: Tensor;
  readonly #starts: number[] = [];

  /** @param counts How many partial sums each sum has. The plan owns the memory. */
  constructor(readonly gpu: Gpu, readonly plan: Plan, counts: readonly number[]) {
    let size = 0;
    for (const count of counts) {
      this.#starts.push(size);
      size += count;
    }
    const ranges = Uint32Array.from(counts.flatMap((count, sum) => [this.#starts[sum], count]));
    this.partials = gpu.tensor("agd partial sums", [size]);
    this.#ranges = gpu.tensorFrom("agd ranges", [counts.length, 2], ranges);
    plan.own(this.partials, this.#ranges);
  }

  /** Where the partial sums of a sum start. */
  startOf(sum: number): number {
    return this.#starts[sum];
  }

  /** The partial sums of one sum. */
  partialsOf(sum: number): Tensor {
    const start = this.#starts[sum];
    const end = this.#starts[sum + 1] ?? this.partials.size;
    return this.partials.rows(start, end - start);
  }

  /** Appends the partial sums of squares of parts, one a chunk, each part with its sum. */
  addSquares(
    parts: readonly (readonly [Pick<LayerPart, "blocks">, sum: number])[],
    values: (span: Span) => Tensor,
  ): void {
    const { gpu, plan, partials } = this;
    const kernel = gpu.kernel("agd_squares", squaresSource, { THREADS: rowThreads(gpu) }, {
      ...CHUNK,
      ...WORKGROUP_SUM,
    });
    const chunks = parts.flatMap(([part, sum]) =>
      chunksOf(part).map((chunk, i) => ({ ...chunk, index: this.startOf(sum) + i }))
    );
    for (const { span, chunks: table, count } of chunkTables(gpu, plan, chunks)) {
      plan.dispatch(kernel, spread(count), [count], [table, values(span), partials]);
    }
  }

  /** Appends adding partial sums up, or finding the largest, into `sums` from `first` on. */
  join(sums: Tensor, { first = 0, largest = false, plan = this.plan } = {}): void {
    const { gpu, partials } = this;
    const count = this.#starts.length;
    if (count === 0) return;
    const constants = { THREADS: rowThreads(gpu), LARGEST: largest };
    const kernel = gpu.kernel("agd_sums", sumsSource, constants);
    plan.dispatch(kernel, spread(count), [first, count], [this.#ranges, partials, sums]);
  }
}
