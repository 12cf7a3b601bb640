import { isObject } from "../json.ts";
import { insideOf, readJsonInside } from "./inside.ts";
import type { Found } from "./discover.ts";
import { lastLine } from "./tail.ts";

/** How a run is doing. */
export type RunState = "running" | "finished" | "interrupted" | "failed" | "silent";

/** What a page says of a run; all text in it is anybody's, and cut. */
export interface RunSummary {
  id: string;
  name: string;
  /** The run's directory. */
  path: string;
  state: RunState;
  /** Why it failed. */
  message?: string;
  /** Minutes since the run's log grew, of a run that is silent. */
  silentMinutes?: number;
  /** Steps done, and those that it will have done, if that is known. */
  step: number;
  steps?: number;
  /** Tokens trained on. */
  tokens: number;
  /** Seconds of training so far, and those after which it ends, if time ends it. */
  seconds?: number;
  secondsLimit?: number;
  /** Of the last step. */
  loss?: number;
  tokensPerSecond?: number;
  /** Seconds that are left, at the pace of the last steps. */
  secondsLeft?: number;
  /** The best saved step, if there was an evaluation. */
  best?: { step: number; val_loss: number };
  adapter?: string;
  parameters?: number;
  optimizer?: string;
  /** When it began and ended, in ISO 8601. */
  started?: string;
  ended?: string;
  /** When its log last grew, in milliseconds since 1970. */
  modified: number;
  /** The model's shape, and the options that were given, as text by name. */
  config: Record<string, string>;
  options: Record<string, string>;
  checkpoints: CheckpointSummary[];
  /** The size of `samples.jsonl`: more of it, more samples. */
  sampleBytes: number;
}

/** A checkpoint of a run. */
export interface CheckpointSummary {
  step: number;
  /** Bytes of its files. */
  bytes: number;
  /** When it was written, in milliseconds since 1970. */
  time: number;
}

/** A run that was not heard of for this long, or for 20 of its steps, is silent. */
const SILENT_MS = 120_000;

/** Characters that are shown of a text in an option. */
const MOST_TEXT = 2_000;

/**
 * Reads what a run is and how it is doing, from a few small files and the end of its log.
 *
 * @param now Milliseconds since 1970.
 */
export async function summarise(
  { id, name, root, relative }: Found,
  now: number,
): Promise<RunSummary> {
  const at = (file: string) => relative === "" ? file : `${relative}/${file}`;
  const [file, line, log, samples, lock] = await Promise.all([
    readJsonInside(root, at("run.json")).then(objectOf),
    lastLine(root, at("metrics.jsonl")).then(parseObject),
    statInside(root, at("metrics.jsonl")),
    statInside(root, at("samples.jsonl")),
    statInside(root, at("run.lock")),
  ]);
  const checkpoints = await checkpointsOf(root, at("checkpoints"));
  const newest = checkpoints.at(-1)?.name;
  const saved = newest === undefined
    ? {}
    : objectOf(await readJsonInside(root, at(`checkpoints/${newest}/training_state.json`)));
  const config = "config" in file ? file.config : await readJsonInside(root, at("config.json"));
  const options = objectOf(file.options ?? saved.options);
  const progress = progressOf(file, line, options);
  const modified = log?.mtime?.getTime() ?? Date.parse(text(file.started) ?? "") ?? 0;
  return {
    ...{ id, name, path: relative === "" ? root : `${root}/${relative}` },
    ...stateOf({ file, isLocked: lock !== undefined, modified, now, ...progress }),
    ...progress,
    best: bestOf(saved.best),
    ...{ adapter: text(file.adapter), parameters: number(file.parameters) },
    ...{ optimizer: text(file.optimizer ?? saved.optimizer), modified },
    ...{ started: text(file.started), ended: text(file.ended) },
    ...{ config: texts(objectOf(config)), options: texts(options) },
    checkpoints: checkpoints.map(({ step, bytes, time }) => ({ step, bytes, time })),
    sampleBytes: samples?.size ?? 0,
  };
}

type Json = Record<string, unknown>;

/** How far a run is, by `run.json`, the last line of its log, and the options it was given. */
export function progressOf(file: Json, line: Json, options: Json) {
  const step = number(line.step) ?? 0;
  const tokens = number(line.tokens) ?? 0;
  const steps = number(file.steps) ?? number(Number(options.steps ?? NaN));
  const seconds = number(line.seconds);
  const secondsLimit = number(file.seconds) ?? number(Number(options.minutes ?? NaN) * 60);
  const tokensPerSecond = number(line.tokens_per_second);
  const perStep = tokensPerSecond && step > 0 ? tokens / step / tokensPerSecond : undefined;
  const left = [
    steps !== undefined && perStep !== undefined ? (steps - step) * perStep : Infinity,
    secondsLimit !== undefined && seconds !== undefined ? secondsLimit - seconds : Infinity,
  ];
  const secondsLeft = Math.max(0, Math.min(...left));
  return {
    ...{ step, steps, tokens, seconds, secondsLimit, loss: number(line.loss), tokensPerSecond },
    secondsLeft: isFinite(secondsLeft) ? secondsLeft : undefined,
  };
}

/** What is known of a run when its state is asked for. */
export interface Signs {
  /** `run.json`, or nothing. */
  file: Json;
  /** Whether there is a `run.lock`, which a run that was killed leaves too. */
  isLocked: boolean;
  /** When its log last grew, and now, in milliseconds. */
  modified: number;
  now: number;
  step: number;
  steps?: number;
  tokens: number;
  tokensPerSecond?: number;
}

/** The state of a run: what it says of itself, unless it has been silent for too long. */
export function stateOf(
  { file, isLocked, modified, now, step, steps, tokens, tokensPerSecond }: Signs,
): Pick<RunSummary, "state" | "message" | "silentMinutes"> {
  const told = file.state;
  if (told === "finished" || told === "interrupted") return { state: told };
  if (told === "failed") return { state: "failed", message: text(file.message) };
  const stepMs = tokensPerSecond && step > 0 ? tokens / step / tokensPerSecond * 1000 : 0;
  if ((told === "running" || isLocked) && now - modified < Math.max(SILENT_MS, 20 * stepMs)) {
    return { state: "running" };
  }
  // Runs of earlier versions have no run.json, and leave no lock unless they were killed.
  if (told === undefined && !isLocked) {
    return { state: steps !== undefined && step >= steps ? "finished" : "interrupted" };
  }
  return { state: "silent", silentMinutes: Math.floor((now - modified) / 60_000) };
}

async function checkpointsOf(root: string, relative: string) {
  const path = await insideOf(root, relative);
  const found: (CheckpointSummary & { name: string })[] = [];
  if (path === undefined) return found;
  try {
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      const step = isDirectory ? name.match(/^step-(\d+)$/)?.[1] : undefined;
      if (step === undefined) continue;
      let [bytes, time] = [0, 0];
      for await (const file of Deno.readDir(`${path}/${name}`)) {
        const info = await Deno.lstat(`${path}/${name}/${file.name}`);
        if (info.isFile) bytes += info.size;
        time = Math.max(time, info.mtime?.getTime() ?? 0);
      }
      found.push({ name, step: Number(step), bytes, time });
    }
  } catch {
    // It is being removed: what was seen of it is told.
  }
  return found.sort((a, b) => a.step - b.step);
}

async function statInside(root: string, relative: string): Promise<Deno.FileInfo | undefined> {
  const path = await insideOf(root, relative);
  if (path === undefined) return undefined;
  return await Deno.lstat(path).catch(() => undefined);
}

function bestOf(value: unknown): RunSummary["best"] {
  const { step, val_loss } = objectOf(value);
  const [at, loss] = [number(step), number(val_loss)];
  return at !== undefined && loss !== undefined ? { step: at, val_loss: loss } : undefined;
}

function parseObject(line: string | undefined): Json {
  try {
    return objectOf(JSON.parse(line ?? "{}"));
  } catch {
    return {};
  }
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function text(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const whole = typeof value === "string" ? value : JSON.stringify(value);
  return whole.length > MOST_TEXT ? `${whole.slice(0, MOST_TEXT)} … (cut)` : whole;
}

function texts(values: Json): Record<string, string> {
  const entries = Object.entries(values).slice(0, 100);
  return Object.fromEntries(
    entries.map(([name, value]) => [name.slice(0, 100), text(value) ?? ""]),
  );
}
