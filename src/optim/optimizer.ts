import type { Gpu } from "../gpu/gpu.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { ParameterSpec } from "../model/parameters.ts";
import type { TensorMap } from "../model/weights.ts";

/** What an optimiser works on: the trainable parameters with their weights and gradients. */
export interface OptimizerTarget {
  /** Where the weights are. */
  gpu: Gpu;
  /** The parameter table; rows that are not trainable are left alone. */
  table: readonly ParameterSpec[];
  /** A tensor for each row of the table. */
  weights: TensorMap;
  /** A gradient for each trainable parameter. An optimiser may overwrite it. */
  gradients: TensorMap;
}

/** An optimiser whose step runs wholly on the GPU. */
export interface Optimizer {
  /** Which optimiser it is, e.g. `agd spectral`: states are exchanged among the same kind only. */
  readonly kind: string;
  /**
   * What the next step depends on besides the weights. To continue another one's run, write its
   * weights, evaluation weights and state into these tensors.
   */
  readonly state: TensorMap;
  /**
   * Submits one update of the weights from the gradients; returns at once. If a gradient is not
   * finite, or too large for its square, the step is skipped: nothing changes but the `summary`.
   */
  step(): void;
  /**
   * The weights to evaluate, sample and save: an average of the iterates where the optimiser
   * keeps one, otherwise the weights themselves.
   */
  readonly evaluationWeights: TensorMap;
  /**
   * Of the last step: 1 if it was skipped, else 0; and for optimisers that derive their step size,
   * eta and G.
   */
  readonly summary?: Tensor;
  /** Step size, for optimisers that are given one. {@linkcode train} schedules it up to this. */
  learningRate?: number;
  /** Frees the optimiser's state. */
  dispose(): void;
}

/** Tensors by parameter as a part of an optimiser's state, e.g. `momentum.wte.weight`. */
export function named(part: string, tensors: TensorMap): [name: string, tensor: Tensor][] {
  return [...tensors].map(([name, tensor]) => [`${part}.${name}`, tensor]);
}

/** The rows of the table that are trained. */
export function trainable({ table }: OptimizerTarget): ParameterSpec[] {
  return table.filter((spec) => spec.trainable);
}
