import { type ParameterSpec, sizeOf } from "../../../src/model/parameters.ts";
import type { Tensors } from "../gpt2.ts";
import { AdamW } from "./adamw.ts";
import { columnBlock, subtractFromColumnBlock } from "./column_block.ts";
import { polar } from "./polar.ts";

/** The settings of Muon. */
export interface MuonOptions {
  /** Learning rate. */
  lr: number;
  /** Decay of the average of matrices' gradients. @default 0.95 */
  momentum?: number;
  /** Decay of embeddings and matrices per unit of learning rate. @default 0.1 */
  weightDecay?: number;
}

/**
 * Muon (Jordan et al. 2024) in float64, scaled to the RMS of AdamW's updates (Liu et al. 2025,
 * arXiv:2502.16982, equation 4), and AdamW, without clipping, for all that is no matrix.
 */
export class Muon {
  readonly #matrices: ParameterSpec[];
  readonly #options: Required<MuonOptions>;
  readonly #others: AdamW;
  readonly #momentum: Tensors = new Map();

  constructor(table: ParameterSpec[], options: MuonOptions) {
    const { lr, weightDecay = 0.1, momentum = 0.95 } = options;
    this.#options = { lr, weightDecay, momentum };
    this.#matrices = table.filter(({ role }) => role === "matrix");
    const others = table.filter(({ role }) => role !== "matrix");
    this.#others = new AdamW(others, { lr, weightDecay, clip: Infinity });
    for (const { name, shape } of this.#matrices) {
      this.#momentum.set(name, new Float64Array(sizeOf(shape)));
    }
  }

  /** Moves the trainable parameters, in place. */
  step(parameters: Tensors, gradients: Tensors): void {
    const { lr, momentum, weightDecay } = this.#options;
    this.#others.step(parameters, gradients);
    for (const { name, shape: [rows], parts, fanIn, fanOut } of this.#matrices) {
      const W = parameters.get(name)!;
      const g = gradients.get(name)!;
      const m = this.#momentum.get(name)!;
      for (let i = 0; i < m.length; i++) {
        m[i] = momentum * m[i] + (1 - momentum) * g[i];
        W[i] *= 1 - lr * weightDecay;
      }
      const ahead = g.map((value, i) => momentum * m[i] + (1 - momentum) * value);
      for (let part = 0; part < parts; part++) {
        const direction = polar(columnBlock(ahead, rows, parts, part), rows, fanOut);
        const step = lr * 0.2 * Math.sqrt(Math.max(fanIn, fanOut));
        subtractFromColumnBlock(W, rows, parts, part, step, direction);
      }
    }
  }
}
