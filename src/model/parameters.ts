import type { Gpt2Config } from "./config.ts";

/**
 * What a parameter does, which decides how it starts and how the optimiser treats it:
 * - `embedding`: a table of row vectors (`wte`, `wpe`);
 * - `matrix`: a linear layer's weight, stored (fan-in, fan-out) as in Hugging Face's Conv1D;
 * - `bias` and `gain`: vectors.
 */
export type ParameterRole = "embedding" | "matrix" | "bias" | "gain";

/** One row of the parameter table. */
export interface ParameterSpec {
  /** Hugging Face's name, e.g. `h.0.attn.c_attn.weight`. */
  name: string;
  /** (rows, columns) or (length). */
  shape: readonly [number, number] | readonly [number];
  /** What it does. */
  role: ParameterRole;
  /**
   * Number of linear maps stored side by side along the columns: 3 for `c_attn`, whose columns
   * are query, key and value; otherwise 1.
   */
  parts: number;
  /** Inputs of one part's linear map. For a vector: its length. */
  fanIn: number;
  /** Outputs of one part's linear map. For a vector: its length. */
  fanOut: number;
  /** Attention's heads, whose linear maps lie side by side along a part's columns. @default 1 */
  heads?: number;
  /** Whether this is a projection back into the residual stream, which starts smaller, or at 0. */
  residual: boolean;
  /** False for biases and gains that the configuration holds at 0 and 1. */
  trainable: boolean;
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** What most parameters are. */
const USUAL = { parts: 1, residual: false, trainable: true };

/**
 * Every parameter of the model in definition order. Initialisation, optimisers, checkpoints and
 * tests all iterate over this table. The output matrix is `wte` itself (tied), so it has no row.
 *
 * As a linear map `wte` is the output matrix (fan-in C, fan-out V); `wpe` maps a one-hot position
 * to the residual stream (fan-in T, fan-out C).
 *
 * @example
 * ```ts
 * import { parameterTable, PRESETS } from "@agd/gpt2";
 *
 * const config = { ...PRESETS.gpt2, vocabularySize: 50_257, bias: true, affine: true };
 * for (const { name, shape } of parameterTable(config)) console.log(name, shape);
 * ```
 */
export function parameterTable(config: Gpt2Config): ParameterSpec[] {
  const { layers, heads, width: C, context: T, vocabularySize: V, bias, affine } = config;
  const table: ParameterSpec[] = [];

  const embedding = (name: string, rows: number, fanIn: number, fanOut: number) =>
    table.push({ ...USUAL, name, shape: [rows, C], role: "embedding", fanIn, fanOut });
  const vector = (name: string, length: number, role: "bias" | "gain", trainable: boolean) =>
    table.push({
      ...{ ...USUAL, name, shape: [length], role, trainable },
      ...{ fanIn: length, fanOut: length },
    });
  const norm = (name: string) => {
    vector(`${name}.weight`, C, "gain", affine);
    vector(`${name}.bias`, C, "bias", affine && bias);
  };
  const linear = (
    name: string,
    [fanIn, fanOut]: readonly [number, number],
    traits: Partial<ParameterSpec> = {},
  ) => {
    const { parts = 1 } = traits;
    const shape = [fanIn, parts * fanOut] as const;
    table.push({
      ...{ ...USUAL, name: `${name}.weight`, shape, role: "matrix" },
      ...{ fanIn, fanOut, ...traits },
    });
    vector(`${name}.bias`, parts * fanOut, "bias", bias);
  };

  embedding("wte.weight", V, C, V);
  embedding("wpe.weight", T, T, C);
  for (let layer = 0; layer < layers; layer++) {
    const h = `h.${layer}`;
    norm(`${h}.ln_1`);
    linear(`${h}.attn.c_attn`, [C, C], { parts: 3, heads });
    linear(`${h}.attn.c_proj`, [C, C], { residual: true });
    norm(`${h}.ln_2`);
    linear(`${h}.mlp.c_fc`, [C, 4 * C]);
    linear(`${h}.mlp.c_proj`, [4 * C, C], { residual: true });
  }
  norm("ln_f");
  return table;
}

/**
 * Number of trainable parameters.
 *
 * @example
 * ```ts
 * import { parameterCount, PRESETS } from "@agd/gpt2";
 *
 * const config = { ...PRESETS.gpt2, vocabularySize: 50_257, bias: true, affine: true };
 * console.log(parameterCount(config)); // 124439808
 * ```
 */
export function parameterCount(config: Gpt2Config): number {
  return parameterTable(config)
    .filter((spec) => spec.trainable)
    .reduce((sum, spec) => sum + sizeOf(spec.shape), 0);
}

/**
 * The natural 2-norm s of rows of embeddings: 1, or ln V / √C where that is less, with the output
 * matrix (V, C) among them. The last layer norm puts out vectors of length √C, so rows of length s
 * give logits of up to s √C, whatever the width, and ln V is what tells certainty from a guess.
 * Positions, which are added to tokens, have the same.
 */
export function naturalRowSize(table: readonly ParameterSpec[]): number {
  const output = table.find(({ role, shape: [rows, columns], fanIn, fanOut }) =>
    role === "embedding" && fanIn === columns && fanOut === rows
  );
  return output ? Math.min(1, Math.log(Math.max(2, output.fanOut)) / Math.sqrt(output.fanIn)) : 1;
}
