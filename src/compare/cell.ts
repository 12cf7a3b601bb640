import type { RunLength } from "../train/run_clock.ts";

/** What every optimiser of a comparison is given alike: data, a model and how long to train. */
export interface Cell extends RunLength {
  /** File, glob, directory or URL. */
  data: string;
  vocabulary: "compact" | "full";
  layers: number;
  heads: number;
  width: number;
  /** Tokens in a sequence. */
  context: number;
  /** Sequences in a batch. */
  batch: number;
  /** Whether biases are trained. */
  bias: boolean;
  /** Whether the gains and biases of layer norms are trained. */
  affine: boolean;
}

/** The values to try of each property but the length; the first ones are the base. */
export type Axes = { [Name in keyof Omit<Cell, keyof RunLength>]: readonly Cell[Name][] };

/** How long to train in all cells: as many steps, or about as many tokens, or as long. */
export interface Length extends RunLength {
  tokens?: number;
}

/**
 * The cells of a comparison, for each corpus in turn: with `product` all combinations; with
 * `star` the base, and the cells that differ from it in one property.
 */
export function cellsOf(axes: Axes, sweep: "product" | "star", length: Length): Cell[] {
  const { data, ...others } = axes;
  const names = Object.keys(others) as (keyof typeof others)[];
  let shapes: Partial<Cell>[] = [Object.fromEntries(names.map((name) => [name, axes[name][0]]))];
  if (sweep === "product") {
    for (const name of names) {
      shapes = shapes.flatMap((shape) => axes[name].map((value) => ({ ...shape, [name]: value })));
    }
  } else {
    const [base] = shapes;
    for (const name of names) {
      shapes.push(...axes[name].slice(1).map((value) => ({ ...base, [name]: value })));
    }
  }
  return data.flatMap((data) =>
    shapes.map((shape) => {
      const cell = { data, ...shape } as Omit<Cell, keyof RunLength>;
      const { tokens, seconds } = length;
      const { steps = tokens && Math.ceil(tokens / (cell.batch * cell.context)) } = length;
      return {
        ...cell,
        ...steps === undefined ? {} : { steps },
        ...seconds === undefined ? {} : { seconds },
      };
    })
  );
}

/** How long a cell's runs are, e.g. `1,024 steps`, `180 s` or `1,024 steps or 180 s`. */
export function describeLength({ steps, seconds }: RunLength): string {
  return [
    ...steps === undefined ? [] : [`${steps.toLocaleString("en")} steps`],
    ...seconds === undefined ? [] : [`${seconds.toLocaleString("en")} s`],
  ].join(" or ");
}

/** A cell in a line, e.g. `width 64, layers 2, context 64, batch 16`; its length is left out. */
export function describeCell(cell: Cell): string {
  const { layers, width, context, batch, vocabulary, bias, affine } = cell;
  return [
    ...[`width ${width}`, `layers ${layers}`, `context ${context}`, `batch ${batch}`],
    vocabulary === "full" && "full vocabulary",
    !bias && "no biases",
    !affine && "no affine",
  ].filter((part) => part !== false).join(", ");
}
