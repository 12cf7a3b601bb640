import type { Communicator } from "../communicator.ts";
import type { Precision } from "../model/activations.ts";
import type { Norms, Optimizer, OptimizerTarget } from "../optim/optimizer.ts";

/** How to train. */
export interface TrainerOptions {
  /** Sequences that go through the model at once: what memory depends on. */
  batch: number;
  /**
   * Micro-batches of `batch` sequences in a step. Their gradients are added up, so that a step is
   * that of a batch of `accumulate * batch` sequences, up to rounding.
   * @default 1
   */
  accumulate?: number;
  /**
   * Keep only the residual stream into each block, and compute the rest once more in the backward
   * pass: less memory, about a fifth more arithmetic, the same losses bit for bit.
   * @default false
   */
  recompute?: boolean;
  /**
   * `f16` stores activations between the ends of the residual stream, and the weights that products
   * are computed with, in 16 bits, with a loss scale that adapts by itself. Sums, the residual
   * stream, logits, master weights and gradients of weights stay in 32.
   * @default "f32"
   */
  precision?: Precision;
  /**
   * Processes that take each step together: of a batch of `size * accumulate * batch` sequences each
   * takes its part. @default this process alone
   */
  communicator?: Communicator;
  /**
   * With more than 1 each process takes this many steps by itself, of its own part of each batch;
   * then all take an outer step by how far they have come on average (DiLoCo, arXiv:2311.08105).
   * Less crosses the network, and each step is of fewer sequences.
   * @default 1
   */
  syncEvery?: number;
  /** Makes the optimiser, e.g. `(target) => new Agd(target)`. */
  optimizer: (target: OptimizerTarget) => Optimizer;
}

/** What one step gave. */
export interface StepResult {
  /** Mean loss of the batch before the update, in nats per token. */
  loss: number;
  /** Whether there was no update, since a gradient was not finite or too large. */
  skipped: boolean;
  /** AGD's automatic step size. */
  eta?: number;
  /** AGD's gradient summary, G. */
  gradientSummary?: number;
  /** Where there is a loss scale, that of the step's gradients. */
  lossScale?: number;
  /** Norms by group of parameters, if they were asked for and the optimiser measures any. */
  norms?: Norms;
}
