import type { Communicator } from "../communicator.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
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
  /**
   * (1): the loss of which they are the gradients. Undefined where the GPU does not have it: where
   * a batch is accumulated, or shared among processes.
   */
  loss?: Tensor;
  /**
   * Processes that hold the same weights and get the same gradients, among which an optimiser may
   * share its work out. @default none
   */
  communicator?: Communicator;
}

/** Parameters that are told of together; `matrices` are those that are in no transformer block. */
export type ParameterGroup = "embeddings" | "attention" | "mlp" | "matrices" | "vectors";

/** Norms of a group of parameters, by the norms in which the optimiser measures them. */
export interface GroupNorms {
  /** Sum of the dual norms of the gradients that the step was taken with, times natural sizes. */
  gradient: number;
  /** The largest norm of an update, over the parameter's natural size. */
  update: number;
  /** The largest norm of a weight, over the parameter's natural size. */
  weight: number;
}

/** The groups that there are. */
export type Norms = Partial<Record<ParameterGroup, GroupNorms>>;

/** An optimiser whose step runs wholly on the GPU. Disposing of it frees its state. */
export interface Optimizer extends Disposable {
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
   *
   * @returns Where it shares its work out: the milliseconds for which it waited for the other
   * processes, when all is submitted.
   */
  step(): void | Promise<number>;
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
  /**
   * Measures what the last step was taken with and did, before anything else is submitted that
   * changes gradients or weights. Means nothing after a step that was skipped.
   */
  norms?(): Promise<Norms>;
  /** The plans of its step and norms, whose kernels can be compiled ahead. */
  readonly plans?: readonly Plan[];
  /** How it shares its work out among processes, once that is known. */
  readonly sharing?: string;
  /** Step size, for optimisers that are given one. {@linkcode train} schedules it up to this. */
  learningRate?: number;
}

/** Tensors by parameter as a part of an optimiser's state, e.g. `momentum.wte.weight`. */
export function named(part: string, tensors: TensorMap): [name: string, tensor: Tensor][] {
  return [...tensors].map(([name, tensor]) => [`${part}.${name}`, tensor]);
}

/** The rows of the table that are trained. */
export function trainable({ table }: OptimizerTarget): ParameterSpec[] {
  return table.filter((spec) => spec.trainable);
}
