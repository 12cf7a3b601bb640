import { format as formatDuration } from "@std/fmt/duration";
import type { StepEvent } from "../train/train.ts";

/** Where a training run reports to. */
export interface Display {
  /** Says something about the run: a line of text, and the same as data. */
  info(event: string, text: string, data: Record<string, unknown>): void;
  step(event: StepEvent): void;
  sample(step: number, text: string): void;
}

/** One JSON object a line. */
export class JsonDisplay implements Display {
  info(event: string, _text: string, data: Record<string, unknown>): void {
    console.log(JSON.stringify({ event, ...data }));
  }

  step(event: StepEvent): void {
    console.log(JSON.stringify({
      event: "step",
      step: event.step,
      tokens: event.tokens,
      loss: event.loss,
      val_loss: event.validationLoss,
      eta: event.eta,
      learning_rate: event.learningRate,
      tokens_per_second: event.tokensPerSecond,
      data_wait_ms: event.dataWaitMs,
    }));
  }

  sample(step: number, text: string): void {
    console.log(JSON.stringify({ event: "sample", step, text }));
  }
}

/** Nothing but how it ended. */
export class QuietDisplay implements Display {
  info(event: string, text: string): void {
    if (event === "end") console.log(text);
  }

  step(): void {}

  sample(): void {}
}

/** Lines of text, and on a terminal a progress bar below them. */
export class TextDisplay implements Display {
  readonly #steps: number;
  readonly #isTerminal: boolean;
  readonly #started = performance.now();
  #validationLoss: number | undefined;
  #bar = "";

  constructor(steps: number, isTerminal = Deno.stdout.isTerminal()) {
    this.#steps = steps;
    this.#isTerminal = isTerminal;
  }

  info(_event: string, text: string): void {
    this.#line(text);
  }

  step(event: StepEvent): void {
    const { step, validationLoss } = event;
    this.#validationLoss = validationLoss ?? this.#validationLoss;
    const text = this.#describe(event);
    if (this.#isTerminal) {
      const done = step / this.#steps;
      const bar = "█".repeat(Math.round(done * 20)).padEnd(20, "░");
      this.#draw(`${bar} ${text}`);
    }
    // Without a terminal a line every so often; an evaluation always stays to be read.
    const every = Math.max(1, Math.round(this.#steps / 40));
    const due = !this.#isTerminal && (step % every === 0 || step === 1 || step === this.#steps);
    if (due || validationLoss !== undefined) this.#line(text);
  }

  sample(step: number, text: string): void {
    this.#line(`--- sample after step ${step} ---\n${text.trim()}\n---`);
  }

  #describe({ step, loss, eta, learningRate, tokensPerSecond }: StepEvent): string {
    const elapsed = performance.now() - this.#started;
    const left = Math.round(elapsed / step * (this.#steps - step) / 1000) * 1000;
    const remaining = formatDuration(left, { ignoreZero: true }) || "0s";
    return [
      `step ${String(step).padStart(String(this.#steps).length)}/${this.#steps}`,
      `loss ${loss.toFixed(4)}`,
      this.#validationLoss === undefined ? "" : `val ${this.#validationLoss.toFixed(4)}`,
      eta === undefined ? "" : `eta ${eta.toPrecision(3)}`,
      learningRate === undefined ? "" : `lr ${learningRate.toExponential(2)}`,
      `${Math.round(tokensPerSecond).toLocaleString("en")} tok/s`,
      step === this.#steps ? "" : `${remaining} left`,
    ].filter((part) => part !== "").join("  ");
  }

  #line(text: string): void {
    this.#erase();
    console.log(text);
    this.#draw(this.#bar);
  }

  #erase(): void {
    if (this.#isTerminal && this.#bar !== "") write("\r\x1b[2K");
  }

  #draw(bar: string): void {
    this.#erase();
    this.#bar = bar;
    if (bar === "") return;
    // A bar longer than the line would leave its beginnings behind.
    write(bar.slice(0, Deno.consoleSize().columns - 1));
  }

  /** Leaves the bar behind, so that what follows starts on a new line. */
  close(): void {
    if (this.#bar !== "") console.log();
    this.#bar = "";
  }
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
