import type { DataSources } from "../data/files/sources.ts";
import type { MixtureOptions } from "../data/mixture.ts";
import type { StepEvent } from "../train/options.ts";
import type { EvaluateTaskOptions } from "../train/tasks/evaluate_task.ts";
import type { RunLength } from "../train/run_clock.ts";
import type { TrainerOptions } from "../train/trainer_options.ts";
import type { SavedRun } from "./saved_run.ts";
import type { BestStep } from "./training_state.ts";

/** A training run that leaves its results in a directory. */
export interface RunOptions extends TrainerOptions, RunLength {
  /** Files, globs, directories and URLs; of a mixture those of all sources. */
  data: DataSources;
  /** The sources of a mixture, and in which proportion sequences are drawn from them. @default none */
  mixture?: Pick<MixtureOptions, "sources" | "weights">;
  /** Skip and count lines that cannot be read. @default false */
  skipBad?: boolean;
  /** Read the training data in a random order. @default true */
  shuffle?: boolean;
  /** Leave out documents that say to be in another language than this, e.g. `en`. */
  lang?: string;
  /** Leave out documents of fewer tokens. @default 0 */
  minTokens?: number;
  /**
   * Directory for checkpoints, metrics and chart; created, and must not hold a run yet other than
   * the one that is resumed.
   */
  out: string;
  /**
   * Go on with this run, which was opened to go on in `out`; the model must be its checkpoint's.
   * @default a new run
   */
  resume?: SavedRun;
  /** Kept in each checkpoint for the caller, as the state's `options`. JSON. @default {} */
  record?: Record<string, unknown>;
  /** How many of the last checkpoints are kept, besides the best one. @default 2 */
  keep?: number;
  /** Seed of the order of the data and of the samples. */
  seed: number;
  /** Steps between evaluations; each saves a checkpoint. */
  evalEvery: number;
  /** Validation batches per evaluation; with 0 it only saves. */
  evalBatches: number;
  /** Measure the model by these tasks too, at each evaluation. @default none */
  evalTasks?: readonly Pick<EvaluateTaskOptions, "task" | "data" | "limit">[];
  /** Steps between samples; 0 for one at the end only. */
  sampleEvery: number;
  /** Tokens of a sample. */
  sampleTokens: number;
  /**
   * Measure norms at every step, and not only at evaluations, and tell how processes share work out.
   * @default false
   */
  verbose?: boolean;
  /** Write an event file for TensorBoard too. @default false */
  tensorboard?: boolean;
  /** Called while kernels are compiled, before the first step; not if all have been. */
  onCompile?: (done: number, kernels: number) => void;
  /** Called after each step. */
  onStep?: (event: StepEvent) => void;
  /** Called with each sample; without it none is drawn. */
  onSample?: (step: number, text: string) => void;
  /** Called when the directory holds the model of this step; more steps may be done by then. */
  onSave?: (step: number, directory: string) => void;
  /** Called with what the user should know, a sentence at a time. */
  onNote?: (text: string) => void;
  /** Finishes the step under way, saves and stops when aborted. */
  signal?: AbortSignal;
  /** A clock, in milliseconds. @default performance.now */
  now?: () => number;
}

/** How a run ended. */
export interface RunResult {
  /** The last step; undefined if there was none. */
  last?: StepEvent;
  /** The saved step with the lowest validation loss, if that was measured. */
  best?: BestStep;
  /** Bad lines skipped. */
  skipped: number;
  /** Steps skipped since a gradient was not finite or too large. */
  skippedSteps: number;
}
