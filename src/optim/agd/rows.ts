import { spread } from "../../gpu/plan.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { WORKGROUP_SUM } from "../../ops/includes.ts";
import { rowThreads } from "../../ops/threads.ts";
import type { Span } from "../spans.ts";
import type { LayerPart } from "./layers.ts";
import type { PartialSums } from "./partial_sums.ts";
import rowsSource from "../../../wgsl/optim/agd/rows.wgsl" with { type: "text" };

/** What the rows of an embedding were like in the steps before, and how many those were. */
export interface RowHistory {
  /** [0]: whether the step is skipped, [1]: steps done, this one included. */
  progress: Tensor;
  /** (rows): the mean squares of the rows' norms. */
  squares: Tensor;
  /** Of t steps the last one counts this over t plus this less 1. */
  memory: number;
}

/**
 * Appends the norms of an embedding's rows, as partial sums: the squares of their 2-norms or, with
 * `descent`, the norms themselves, by which the rows are then divided; by what they were before,
 * with a history, where that is larger.
 *
 * @param values Which of a span's tensors holds the embedding.
 * @param sum To which of the sums they belong.
 */
export function appendRows(
  { blocks }: LayerPart,
  values: (span: Span) => Tensor,
  sums: PartialSums,
  sum: number,
  { descent = false, history }: { descent?: boolean; history?: RowHistory } = {},
): void {
  const { gpu, plan, partials } = sums;
  const constants = { THREADS: rowThreads(gpu), DESCENT: descent, HISTORY: history?.memory ?? 0 };
  const kernel = gpu.kernel("agd_rows", rowsSource, constants, WORKGROUP_SUM);
  let start = 0;
  for (const { span, offset, rows, columns } of blocks) {
    plan.dispatch(
      kernel,
      spread(rows),
      [rows, columns, offset, sums.startOf(sum) + start, ...history ? [start] : []],
      [values(span), partials, ...history ? [history.progress, history.squares] : []],
    );
    start += rows;
  }
}
