import { UserError } from "../errors.ts";
import { replaceText } from "../files/replace_file.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import type { RunOptions } from "./options.ts";

/** What `run.json` says of a run, for those who watch it; going on does not depend on it. */
export interface RunFile {
  /** As it is, or how it ended. A run that was killed is `running` for ever. */
  state: "running" | "finished" | "interrupted" | "failed";
  /** Why it failed. */
  message?: string;
  /** When it began or went on, in ISO 8601. */
  started: string;
  /** When it ended. */
  ended?: string;
  /** The step that it went on from. */
  resumed_from?: number;
  /** The adapter's name. */
  adapter: string;
  /** How many numbers are trained. */
  parameters: number;
  /** The model's shape. */
  config: Record<string, unknown>;
  /** The optimiser's kind. */
  optimizer: string;
  /** Tokens of a step. */
  tokens_per_step: number;
  /** The step that it ends with, unless time ends it. */
  steps?: number;
  /** Seconds after which it ends. */
  seconds?: number;
  /** The options that the caller keeps in checkpoints. */
  options: Record<string, unknown>;
}

/** Keeps a run's `run.json`. */
export class RunFileWriter {
  readonly #path: string;
  readonly #file: RunFile;

  /** @param optimizer The optimiser's kind. */
  constructor(model: Gpt2, optimizer: string, options: RunOptions) {
    const { out, resume, batch, accumulate = 1, steps, seconds, record = {} } = options;
    this.#path = `${out}/run.json`;
    this.#file = {
      state: "running",
      started: new Date().toISOString(),
      resumed_from: resume?.state.step,
      adapter: model.gpu.adapterName,
      parameters: model.parameterCount,
      config: { ...model.config },
      optimizer,
      tokens_per_step: accumulate * batch * model.config.context,
      steps,
      seconds,
      options: record,
    };
  }

  /** @throws {UserError} If the file cannot be written. */
  async begin(): Promise<void> {
    await replaceText(this.#path, JSON.stringify(this.#file, null, 1) + "\n");
  }

  /** @throws {UserError} If the file cannot be written. */
  async end(state: RunFile["state"], message?: string): Promise<void> {
    const ended = new Date().toISOString();
    const file = { ...this.#file, state, message, ended };
    await replaceText(this.#path, JSON.stringify(file, null, 1) + "\n");
  }

  /** Says why the run failed, if that can still be written. */
  async fail(error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    try {
      await this.end("failed", message);
    } catch (refusal) {
      if (!(refusal instanceof UserError)) throw refusal; // what failed first is what is told
    }
  }
}
