import type { Norms } from "../optim/optimizer.ts";
import { UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { checkRegular, readText, readTextIfThere } from "../files/read_file.ts";
import { replaceText } from "../files/replace_file.ts";
import { checkNoLink } from "../files/no_link.ts";
import { writeAllSync } from "../files/transfer.ts";
import { isObject } from "../json.ts";
import type { StepEvent, TaskScores } from "../train/options.ts";

/** What is recorded of a training step: one JSON object a line in metrics.jsonl. */
export interface StepMetrics {
  /** Steps done, this one included. */
  step: number;
  /** Tokens trained on so far. */
  tokens: number;
  /** Training loss of the step's batch, in nats per token. */
  loss: number;
  /** Whether the step was skipped, since a gradient was not finite or too large. */
  skipped?: true;
  /** Validation loss in nats per token, at the steps that measure it. */
  val_loss?: number;
  /** Of a mixture, the passes over each source that are complete. */
  epochs?: readonly number[];
  /** What tasks measured, by their names, at the steps that measure the model by them. */
  tasks?: TaskScores;
  /** The step size that AGD chose, before its ramp. */
  eta?: number;
  /** The gradient summary, G, that AGD chose it by. */
  gradient_summary?: number;
  /** Of training in 16 bits, what the step's gradients were multiplied by. */
  loss_scale?: number;
  /** Norms by group of parameters, at the steps that measure them. */
  norms?: Norms;
  /** The step size that AdamW or SGD was given. */
  learning_rate?: number;
  /** Seconds of training so far, evaluations and those of a run before it was resumed included. */
  seconds?: number;
  /** Tokens trained on per second, over the last steps. */
  tokens_per_second: number;
  /** Milliseconds for which training waited for the step's batch. */
  data_wait_ms: number;
  /** Milliseconds that the host took for the step, while the GPU was at work on another one. */
  host_ms?: number;
  /** Milliseconds for which the first of several processes waited for sums of gradients. */
  reduce_wait_ms?: number;
}

/** A step as metrics.jsonl records it. */
export function stepMetrics(event: StepEvent): StepMetrics {
  return {
    step: event.step,
    tokens: event.tokens,
    loss: event.loss,
    skipped: event.skipped || undefined,
    val_loss: event.validationLoss,
    epochs: event.epochs,
    tasks: event.tasks,
    eta: event.eta,
    gradient_summary: event.gradientSummary,
    loss_scale: event.lossScale,
    norms: event.norms,
    learning_rate: event.learningRate,
    seconds: event.seconds,
    tokens_per_second: event.tokensPerSecond,
    data_wait_ms: event.dataWaitMs,
    host_ms: event.hostMs,
    reduce_wait_ms: event.reduceWaitMs,
  };
}

const REQUIRED = ["step", "tokens", "loss", "tokens_per_second", "data_wait_ms"];
const OPTIONAL = [
  ...["val_loss", "eta", "gradient_summary", "learning_rate", "seconds", "host_ms"],
  ...["reduce_wait_ms", "loss_scale"],
];

/**
 * Appends steps to a file, each at once and as a whole, so that the file can be followed while
 * training goes on and a crash loses nothing. JSON has no word for a number that is not finite:
 * it is recorded as null.
 */
export class MetricsLog implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;

  /**
   * Opens `path` to append to it, cutting off a last line that a crash left half-written.
   *
   * @throws {UserError} If the file cannot be written, or is a link or no file.
   */
  constructor(path: string) {
    this.#path = path;
    checkNoLink(path);
    checkRegular(path);
    using opened = new DisposableStack();
    try {
      this.#file = opened.use(Deno.openSync(path, { read: true, write: true, create: true }));
      const whole = Deno.readFileSync(path).lastIndexOf("\n".charCodeAt(0)) + 1;
      this.#file.truncateSync(whole);
      this.#file.seekSync(whole, Deno.SeekMode.Start);
    } catch (error) {
      throw fileError(error, `${path}: cannot write`);
    }
    opened.move(); // it stays open
  }

  /** @throws {UserError} If the file cannot be written, for example because the disk is full. */
  append(metrics: StepMetrics): void {
    const line = new TextEncoder().encode(JSON.stringify(metrics) + "\n");
    try {
      writeAllSync(this.#file, line);
    } catch (error) {
      throw fileError(error, `${this.#path}: cannot write`);
    }
  }

  /**
   * Makes sure that the steps so far are on the disk, and not only in memory.
   *
   * @throws {UserError} If the file cannot be written.
   */
  async flush(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (error) {
      throw fileError(error, `${this.#path}: cannot write`);
    }
  }

  close(): void {
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Reads the steps that a {@linkcode MetricsLog} wrote. A last line without its line break, still
 * being written or cut off by a crash, is left out; a null is read as NaN.
 *
 * @throws {UserError} If the file cannot be read, or a line is not a step; the line is named.
 */
export async function readMetrics(path: string): Promise<StepMetrics[]> {
  const text = await readText(path);
  const lines = text.split("\n");
  return lines.slice(0, -1).map((line, i) => parseStep(line, `${path}:${i + 1}`));
}

/**
 * Writes the steps of one file up to `lastStep` to another one, or to the same. If there is none,
 * nothing is written.
 *
 * @throws {UserError} As {@linkcode readMetrics}, or if the other file cannot be written.
 */
export async function copyMetrics(from: string, to: string, lastStep: number): Promise<void> {
  const text = await readTextIfThere(from) ?? "";
  const kept = text.split("\n").slice(0, -1)
    .filter((line, i) => parseStep(line, `${from}:${i + 1}`).step <= lastStep);
  if (kept.length > 0) await replaceText(to, kept.map((line) => line + "\n").join(""));
}

function parseStep(line: string, where: string): StepMetrics {
  let step: unknown;
  try {
    step = JSON.parse(line, (_, value) => value ?? NaN);
  } catch {
    throw new UserError(`${where}: not JSON`, "CHECKPOINT");
  }
  if (!isStep(step)) {
    throw new UserError(
      `${where}: not a training step: needs the numbers ${REQUIRED.join(", ")}`,
      "CHECKPOINT",
    );
  }
  return step;
}

function isStep(value: unknown): value is StepMetrics {
  if (!isObject(value)) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return REQUIRED.every((name) => typeof fields.get(name) === "number") &&
    OPTIONAL.every((name) => !fields.has(name) || typeof fields.get(name) === "number") &&
    (!fields.has("skipped") || fields.get("skipped") === true) &&
    (!fields.has("norms") || isNorms(fields.get("norms"))) &&
    (!fields.has("tasks") || isScores(fields.get("tasks"))) &&
    (!fields.has("epochs") || isNumbers(fields.get("epochs")));
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((number) => typeof number === "number");
}

/** Whether a value holds numbers by their names, by tasks. */
function isScores(value: unknown): value is TaskScores {
  return isObject(value) &&
    Object.values(value).every((scores: unknown) =>
      isObject(scores) && Object.values(scores).every((score) => typeof score === "number")
    );
}

/** Whether a value holds numbers by group, by what they measure. */
function isNorms(value: unknown): value is Norms {
  if (!isObject(value)) return false;
  return Object.values(value).every((group: unknown) => {
    if (!isObject(group)) return false;
    const fields = new Map<string, unknown>(Object.entries(group));
    return ["gradient", "update", "weight"].every((name) => typeof fields.get(name) === "number");
  });
}
