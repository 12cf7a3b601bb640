import type { Norms } from "../optim/optimizer.ts";
import type { Batch } from "../tokens/batch.ts";
import type { Outlook, RunLength } from "./run_clock.ts";
import type { LearningRateDecay } from "./schedule.ts";

/** What tasks measure, e.g. `{ lambada: { acc: 0.4, perplexity: 20 } }`. */
export type TaskScores = Record<string, Record<string, number>>;

/** What is known after a step. */
export interface StepEvent {
  /** Steps done. */
  step: number;
  /** Tokens trained on so far. */
  tokens: number;
  /** Loss of the step's batch, in nats per token. */
  loss: number;
  /**
   * Whether the step left everything as it was, since a gradient was not finite or too large; the
   * loss may not be finite either.
   */
  skipped: boolean;
  /** AGD's automatic step size, of which the first steps take a part; see {@linkcode Agd}. */
  eta?: number;
  /** AGD's gradient summary, G. */
  gradientSummary?: number;
  /** Where there is a loss scale, that of the step's gradients. */
  lossScale?: number;
  /** Norms by group of parameters, at evaluations, or each step if `verbose`. */
  norms?: Norms;
  /** Step size of AdamW and SGD. */
  learningRate?: number;
  /** Seconds of training so far, evaluations and those of a run before it was resumed included. */
  seconds: number;
  /** How far the run is. */
  outlook: Outlook;
  /** Loss on the validation batches, in nats per token, at steps that evaluate. */
  validationLoss?: number;
  /** Of a mixture, the passes over each source that were complete before the step's last sequence. */
  epochs?: readonly number[];
  /** What tasks measured, by their names, at steps that evaluate. */
  tasks?: TaskScores;
  /** Tokens trained on per second, over the last steps; the first one counts in its own only. */
  tokensPerSecond: number;
  /** Milliseconds for which this step waited for its batch. */
  dataWaitMs: number;
  /** Milliseconds of this thread that the step took, see {@linkcode Trainer.hostMs}. */
  hostMs: number;
  /**
   * Where several processes train together: milliseconds that this one, when it had all of its
   * gradients, waited for the sums.
   */
  reduceWaitMs?: number;
}

/** What to train on, for how long, and whom to tell. */
export interface TrainOptions extends RunLength {
  /**
   * Training batches of the trainer's `accumulate * batch` sequences, times the number of processes;
   * training ends early if they do.
   */
  batches: AsyncIterable<Batch>;
  /** Batches that the validation loss is measured on. @default none */
  validation?: readonly Batch[];
  /** Measures the evaluation weights by tasks too, at each evaluation. @default not */
  measureTasks?: () => Promise<TaskScores>;
  /** How the learning rate comes down, of an optimiser that has one. @default "cosine" */
  decay?: LearningRateDecay;
  /**
   * Steps that the learning rate is planned for: as many go by a schedule of that length, and any
   * after them by that of the whole run, as when a finished run is given more steps.
   * @default those of the run
   */
  horizon?: number;
  /** What was done before, of a run that is continued. @default nothing */
  start?: { step: number; tokens: number; seconds?: number };
  /** Seconds that the caller takes after the last step, e.g. to save, as known now. @default none */
  reserve?: () => number;
  /**
   * Steps between evaluations; the last one always evaluates. There no further step is
   * under way when `onStep` is called, so that the weights are those of the event. @default 100
   */
  evalEvery?: number;
  /**
   * Evaluations in equal parts of the run, by its steps or its time, in the place of `evalEvery`.
   * @default those of `evalEvery`
   */
  evaluations?: number;
  /**
   * Further steps after which nothing is submitted until `onStep` is done, so that it sees the
   * weights of its step; other steps may be told of when the next one is under way.
   * @default only evaluations
   */
  pauseAt?: (step: number) => boolean;
  /** Measure norms at every step, and not only at evaluations. @default false */
  verbose?: boolean;
  /** Called while kernels are compiled, before the first step; not if all have been. */
  onCompile?: (done: number, kernels: number) => void;
  /** Called after each step, in order; awaited. */
  onStep?: (event: StepEvent) => void | Promise<void>;
  /** Finishes the step under way and stops when aborted. */
  signal?: AbortSignal;
  /** A clock, in milliseconds. @default performance.now */
  now?: () => number;
}
