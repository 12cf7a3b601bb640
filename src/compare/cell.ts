/** What every optimiser of a comparison is given alike: data, a model and how long to train. */
export interface Cell {
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
  steps: number;
}

/** The values to try of each property but the length; the first ones are the base. */
export type Axes = { [Name in keyof Omit<Cell, "steps">]: readonly Cell[Name][] };

/** How long to train: the same number of steps in all cells, or about the same of tokens. */
export type Length = { steps: number } | { tokens: number };

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
      const cell = { data, ...shape } as Omit<Cell, "steps">;
      const tokensPerStep = cell.batch * cell.context;
      const steps = "steps" in length ? length.steps : Math.ceil(length.tokens / tokensPerStep);
      return { ...cell, steps };
    })
  );
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
