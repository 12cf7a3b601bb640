import { basename, dirname, resolve } from "@std/path";
import { UsageError, UserError } from "../errors.ts";
import { isRemote } from "../data/files/dataset_name.ts";
import type { CheckpointConfig } from "../checkpoint/formats/checkpoint_config.ts";
import { type PresetName, PRESETS } from "../model/config.ts";
import { quote } from "../quote.ts";
import type { SavedRun } from "../run/saved_run.ts";
import type { TrainingState } from "../run/training_state.ts";
import type { RunLength } from "../train/run_clock.ts";
import { Arguments } from "./arguments.ts";
import { evalTaskOptions } from "./eval_task_option.ts";
import { LENGTH, secondsOption } from "./run_length.ts";

/**
 * Options that a resumed run takes over unless they are given again; `processes`, which is none, is
 * how many trained together.
 */
const KEPT = [
  "data",
  "weight",
  "optimizer",
  "norm",
  "lr",
  "batch",
  "accumulate",
  "sync-every",
  "recompute",
  "precision",
  "steps",
  "minutes",
  "seed",
  "keep",
  "tensorboard",
  "eval-every",
  "eval-batches",
  "eval-task",
  "eval-limit",
  "sample-every",
  "no-shuffle",
  "column",
  "lang",
  "min-tokens",
  "skip-bad",
  "no-autotune",
  "processes",
];

/** Options that make no sense with a run that is resumed. */
const REFUSED = ["init-from", "dry-run"];

/** Options that may be given again, but not changed. */
const FIXED = [
  "preset",
  "layers",
  "heads",
  "width",
  "context",
  "no-bias",
  "no-affine",
  "vocab",
  "optimizer",
  "norm",
  "precision",
];

/** The options of a run, to be kept in its checkpoints. */
export function keptOptions(
  options: Arguments,
  { data, out, steps, seconds, processes = 1 }: RunLength & {
    data: readonly string[];
    out: string;
    processes?: number;
  },
): Record<string, unknown> {
  const given = Object.entries(options.given()).filter(([name]) =>
    KEPT.includes(name) && !isLength(name)
  );
  const kept = {
    ...Object.fromEntries(given),
    ...keptTasks(options),
    ...steps === undefined ? {} : { steps: String(steps) },
    ...seconds === undefined ? {} : { minutes: String(seconds / 60) },
    ...processes === 1 ? {} : { processes: String(processes) },
  };
  if (options.list("data").length === 0) return kept;
  return { ...kept, data: data.map((path) => keptPath(path, out)) };
}

/** Each `--eval-task` with its file as it is from any directory. */
function keptTasks(options: Arguments): Record<string, string[]> {
  const given = evalTaskOptions(options);
  if (given.length === 0) return {};
  return {
    "eval-task": given.map(({ task, data }) => `${task}=${isRemote(data) ? data : resolve(data)}`),
  };
}

/**
 * How a run's data is named in its checkpoints: as it is from any directory, and what is in the run's
 * own by its name there, since that may be moved.
 */
function keptPath(path: string, out: string): string {
  if (isRemote(path)) return path;
  return dirname(resolve(path)) === resolve(out) ? basename(path) : resolve(path);
}

/**
 * The options that a run goes on with: those of its checkpoint, and over them those given now.
 *
 * @param processes How many train together now.
 * @returns Also what has changed, e.g. `--steps was 100, and is 200`.
 * @throws {UsageError} If an option is given that cannot go with `--resume`.
 * @throws {UserError} If another model or optimiser is asked for, or the checkpoint is damaged.
 */
export function resumedOptions(
  given: Arguments,
  run: SavedRun,
  checkpoint: CheckpointConfig,
  processes = 1,
): { options: Arguments; changes: string[] } {
  const refused = REFUSED.find((name) => name in given.given());
  if (refused) throw new UsageError(`--${refused} cannot go with --resume`);
  refuseChanges(given, run, checkpoint);
  const now = Object.fromEntries(
    Object.entries(given.given()).filter(([name]) => !FIXED.includes(name)),
  );
  const { processes: before = "1", ...kept } = checkKept(run);
  if (Array.isArray(kept.data)) {
    kept.data = kept.data.map((path) => isRemote(path) ? path : resolve(run.directory, path));
  }
  const length = resumedLength(kept, given, run.state);
  const others = Object.entries({ ...kept, ...now }).filter(([name]) => !isLength(name));
  const changes = Object.keys(now)
    .filter((name) => KEPT.includes(name) && !(length.change && isLength(name)))
    .filter((name) => !isSame(name, kept[name], now[name]))
    .map((name) => describe(name, kept[name], now[name]));
  if (length.change) changes.unshift(length.change);
  const options = new Arguments({ ...Object.fromEntries(others), ...length.options });
  changes.push(...stepChange(new Arguments(kept), Number(before), options, processes));
  return { options, changes };
}

/** What another number of processes makes of a step, unless nothing. */
function stepChange(was: Arguments, before: number, is: Arguments, now: number): string[] {
  if (before === now) return [];
  const sequences = (options: Arguments, processes: number) =>
    processes * (options.integer("accumulate") ?? 1) * (options.integer("batch") ?? 8);
  const [old, present] = [sequences(was, before), sequences(is, now)];
  const step = old === present
    ? `is of ${old} sequences still`
    : `was of ${old}, and is of ${present}`;
  return [`processes were ${before}, and are ${now}: a step ${step}`];
}

/**
 * How long a run goes on: as it was to, unless it is said now. Minutes that are given now are more
 * of them; among options they are those of the whole run.
 *
 * @returns Also what changed, but for a mere number of steps.
 */
function resumedLength(
  kept: Record<string, unknown>,
  given: Arguments,
  { seconds: before = 0 }: TrainingState,
): { options: Record<string, unknown>; change?: string } {
  const [was, now] = [lengthsOf(kept), lengthsOf(given.given())];
  if (Object.keys(now).length === 0) return { options: was };
  const { minutes: _, hours: __, ...counted } = now;
  const seconds = secondsOption(given);
  const change = `${lengthText(was)} became ${lengthText(now)}`;
  if (seconds !== undefined) {
    const minutes = String((before + seconds) / 60);
    return { options: { ...counted, minutes }, change: `${change} more` };
  }
  if ("minutes" in was) return { options: counted, change };
  if (!("tokens" in now)) return { options: counted };
  return {
    options: counted,
    change: `--steps was ${was.steps}, and is what --tokens ${now.tokens} says`,
  };
}

/** Of options, those that say how long a run is. */
function lengthsOf(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    LENGTH.filter((name) => name in options).map((name) => [name, options[name]]),
  );
}

/** E.g. `--steps 250 and --minutes 3`. */
function lengthText(lengths: Record<string, unknown>): string {
  return Object.entries(lengths).map(([name, value]) => `--${name} ${value}`).join(" and ");
}

function isLength(name: string): boolean {
  return LENGTH.some((option) => option === name);
}

function checkKept({ checkpoint, state }: SavedRun): Record<string, unknown> {
  const isText = (value: unknown) => typeof value === "string";
  for (const [name, value] of Object.entries(state.options)) {
    const isList = Array.isArray(value) && value.every(isText);
    // Runs of before there could be several tasks have the one as a text.
    const isValue = name === "data" ? isList : name === "eval-task" && isList ||
      value === true || isText(value);
    if (isValue && KEPT.includes(name)) continue;
    throw new UserError(
      `${checkpoint} is damaged: --${name} cannot be ${quote(value)}`,
      "CHECKPOINT",
    );
  }
  const { "eval-task": task, ...options } = state.options;
  return task === undefined ? options : { ...options, "eval-task": [task].flat() };
}

function isSame(name: string, before: unknown, now: unknown): boolean {
  if (!Array.isArray(before) || !Array.isArray(now)) return before === now;
  const absolute = name === "data"
    ? now.map((path) => isRemote(path) ? path : resolve(path))
    : keptTasks(new Arguments({ [name]: now }))[name];
  return JSON.stringify(before) === JSON.stringify(absolute);
}

function describe(name: string, before: unknown, now: unknown): string {
  const was = before === undefined ? "was not given" : `was ${before}`;
  return now === true ? `--${name} is new` : `--${name} ${was}, and is ${now}`;
}

/** What an optimiser's kind begins and ends with, e.g. `agd spectral, vectors own, f16`. */
function parseKind(kind: string): { optimizer: string; norm?: string; precision: string } {
  const [named, ...settings] = kind.split(", ");
  const [optimizer, norm] = named.split(" ");
  return { optimizer, norm, precision: settings.at(-1) === "f16" ? "f16" : "f32" };
}

/** Refuses another model or optimiser than the run's; both values are named. */
function refuseChanges(
  given: Arguments,
  { directory, state }: SavedRun,
  { model, tokens, tokenizer }: CheckpointConfig,
): void {
  const preset = given.choice("preset", Object.keys(PRESETS) as PresetName[]);
  const size = (name: "layers" | "heads" | "width" | "context") =>
    [name, model[name], given.integer(name) ?? (preset && PRESETS[preset][name])] as const;
  const { optimizer, norm = "none", precision } = parseKind(state.optimizer);
  const wanted = [
    size("layers"),
    size("heads"),
    size("width"),
    size("context"),
    ["biases", model.bias, given.flag("no-bias") ? false : undefined],
    ["gains", model.affine, given.flag("no-affine") ? false : undefined],
    ["vocabulary", tokens ? "compact" : tokenizer ? "of its own" : "full", given.text("vocab")],
    ["optimizer", optimizer, given.text("optimizer")],
    ["norm", norm, given.text("norm")],
    ["precision", precision, given.text("precision")],
  ] as const;
  for (const [name, before, now] of wanted) {
    if (now === undefined || now === before) continue;
    throw new UserError(
      `the run in ${directory} has ${name} ${before}, not ${now}, which a run keeps: start a new ` +
        "one, e.g. with --init-from",
      "CHECKPOINT",
    );
  }
}
