import { UsageError } from "../errors.ts";
import { checkConfig, type Gpt2Config, type PresetName, PRESETS } from "../model/config.ts";
import type { SavedRun } from "../run/saved_run.ts";
import type { RunLength } from "../train/run_clock.ts";
import type { TrainerOptions } from "../train/trainer_options.ts";
import type { Arguments } from "./arguments.ts";
import { dataOption } from "./data_option.ts";
import { chooseOptimizer, type OptimizerChoice } from "./optimizer_choice.ts";
import { type EvalTask, evalTaskOptions } from "./eval_task_option.ts";
import { lengthOption, type RunSize } from "./run_length.ts";
import { weightOption } from "./weight_option.ts";

/** The names that `--preset` takes. */
export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

/** What the options of `deno task train` come to. */
export interface TrainSettings {
  /** Paths, globs, directories and URLs. */
  data: string[];
  /** In which proportion sequences are drawn from each of them; without it they are one corpus. */
  weights?: number[];
  /** The column of Parquet files that holds the texts. */
  column?: string;
  /** Which documents count, and how they are read. */
  filters: { skipBad: boolean; lang?: string; minTokens?: number };
  shuffle: boolean;
  seed: number;
  /** A checkpoint or model of the hub to start from. */
  initFrom?: string;
  /** The model, without a checkpoint. */
  architecture: Omit<Gpt2Config, "vocabularySize">;
  /** Its vocabulary. */
  vocab: "full" | "compact";
  optimizer: OptimizerChoice;
  /** How a step is taken. */
  trainer: TrainerOptions;
  /** How long the run is, if need be by the model's size and the adapter. */
  chooseLength: (size: RunSize) => RunLength;
  /** The run's directory. */
  out: string;
  keep?: number;
  evalEvery: number;
  evalBatches: number;
  /** By what else to measure the model at evaluations. */
  evalTasks: EvalTask[];
  sampleEvery: number;
  autotunes: boolean;
  isDryRun: boolean;
}

/**
 * Reads the options, of which `resume` has brought some.
 *
 * @throws {UsageError} If one is out of range, or they do not go together.
 */
export function readSettings(options: Arguments, resume: SavedRun | undefined): TrainSettings {
  const preset = options.choice("preset", PRESET_NAMES) ?? "tiny";
  const { data } = dataOption(options);
  const initFrom = resume ? undefined : options.text("init-from");
  const optimizer = chooseOptimizer(options, resume?.state.optimizer);
  return {
    data,
    weights: weightOption(options),
    column: options.text("column"),
    filters: {
      skipBad: options.flag("skip-bad"),
      lang: options.text("lang"),
      minTokens: options.integer("min-tokens", { min: 0 }),
    },
    shuffle: !options.flag("no-shuffle"),
    seed: options.integer("seed", { min: 0 }) ?? 0,
    initFrom,
    architecture: chooseArchitecture(options, preset, resume?.checkpoint ?? initFrom),
    vocab: options.choice("vocab", ["full", "compact"]) ??
      (preset === "tiny" ? "compact" : "full"),
    optimizer,
    trainer: {
      batch: options.integer("batch") ?? 8,
      accumulate: options.integer("accumulate"),
      syncEvery: options.integer("sync-every"),
      recompute: options.flag("recompute"),
      precision: options.choice("precision", ["f32", "f16"]),
      optimizer: optimizer.make,
    },
    chooseLength: lengthOption(options, preset === "tiny"),
    out: resume?.out ?? options.text("out") ?? `runs/${timestamp()}`,
    keep: options.integer("keep"),
    evalEvery: options.integer("eval-every") ?? 100,
    evalBatches: options.integer("eval-batches", { min: 0 }) ?? 8,
    evalTasks: evalTaskOptions(options),
    sampleEvery: options.integer("sample-every") ?? 0,
    autotunes: !options.flag("no-autotune"),
    isDryRun: options.flag("dry-run"),
  };
}

const ARCHITECTURE = ["layers", "heads", "width", "context"] as const;

/** The preset with single overrides; a checkpoint brings its own. */
function chooseArchitecture(
  options: Arguments,
  preset: PresetName,
  checkpoint: string | undefined,
): Omit<Gpt2Config, "vocabularySize"> {
  if (checkpoint !== undefined) {
    const given = ["preset", ...ARCHITECTURE, "vocab"].find((name) => options.text(name)) ??
      ["no-bias", "no-affine"].find((name) => options.flag(name));
    if (given) throw new UsageError(`--${given} cannot go with --init-from, which decides it`);
  }
  const architecture = {
    ...PRESETS[preset],
    bias: !options.flag("no-bias"),
    affine: !options.flag("no-affine"),
  };
  for (const name of ARCHITECTURE) {
    Object.assign(architecture, { [name]: options.integer(name) ?? architecture[name] });
  }
  checkConfig({ ...architecture, vocabularySize: 1 });
  return architecture;
}

/** The time as a directory's name, e.g. 2026-01-31T09-30-00. */
function timestamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(":", "-");
}
