/** `deno task sample`: generates text from a checkpoint. */
import { UsageError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { writeAllSync } from "../files/transfer.ts";
import { loadCheckpoint } from "../checkpoint/checkpoint.ts";
import { END_NAME } from "../tokens/tokenizer.ts";
import { warn } from "../warn.ts";
import { printable } from "../printable.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { checkSampling } from "../sample/choose_token.ts";
import type { GenerateOptions } from "../sample/options.ts";
import { generateSamples } from "../sample/samples.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { findCheckpoint } from "./checkpoint.ts";
import { Gpu } from "../gpu/gpu.ts";
import { DEVICE, deviceOption } from "./device.ts";
import { main, type Start } from "./main.ts";
import { limitNetwork } from "./network.ts";
import { readPrompt, readPrompts } from "./prompts.ts";
import { printJson } from "./terminal.ts";
import { TextsInOrder } from "./texts_in_order.ts";

const COMMAND: CommandSpec = {
  name: "sample",
  summary:
    "Generates text from a checkpoint. Without --prompt it goes on from standard input, or on\n" +
    "a terminal starts a new document.",
  options: {
    checkpoint: {
      value: "DIR",
      help: "directory that training wrote, or owner/name on the Hugging Face Hub",
      elsewhere: ["out-dir", "model"],
    },
    prompt: {
      value: "TEXT",
      help: "text to go on from",
      mayBeEmpty: true,
      elsewhere: ["start"],
    },
    interactive: {
      help: "ask for prompts, or take the lines of standard input, one text after each",
    },
    special: { help: `take ${END_NAME} in the prompt for the token, not for text` },
    "max-tokens": {
      value: "N",
      help: "most tokens to generate (default 100)",
      elsewhere: ["max-new-tokens"],
    },
    temperature: {
      value: "X",
      help: "0 takes the likeliest token; 1 is the model's own (default 0.8)",
    },
    "top-k": { value: "N", help: "draw among the N likeliest tokens (default all)" },
    "top-p": { value: "X", help: "draw among the likeliest tokens that make up X (default 1)" },
    window: {
      value: "KIND",
      help:
        "past the context: restart with its last half, or slide by one, slower (default restart)",
    },
    seed: { value: "N", help: "same seed, same text (default 0)" },
    device: DEVICE,
    "num-samples": { value: "N", help: "number of texts, with seeds counting up (default 1)" },
    json: { help: "print an object a text instead: seed, prompt and text, which goes on from it" },
  },
  examples: [
    '--checkpoint runs/owt2 --prompt "The moon" --max-tokens 200',
    "--checkpoint runs/owt2 --temperature 0 < prompt.txt",
    '--checkpoint openai-community/gpt2 --prompt "The moon"',
    "--checkpoint runs/owt2 --interactive",
  ],
};

async function sample(options: Arguments): Promise<void> {
  const directory = options.text("checkpoint");
  if (directory === undefined) throw new UsageError("--checkpoint DIR is needed");
  const isInteractive = options.flag("interactive");
  const given = options.text("prompt");
  if (isInteractive && given !== undefined) {
    throw new UsageError("--interactive asks for prompts: leave out --prompt");
  }
  const asked = {
    seed: options.integer("seed", { min: 0 }) ?? 0,
    maxTokens: options.integer("max-tokens", { min: 0 }),
    temperature: options.number("temperature") ?? 0.8,
    topK: options.integer("top-k"),
    topP: options.number("top-p"),
    window: options.choice("window", ["restart", "slide"]),
    special: options.flag("special"),
  };
  const samples = options.integer("num-samples") ?? 1;
  checkSampling(asked);
  checkSeed(asked.seed, samples);
  const device = deviceOption(options);

  const json = options.flag("json");
  limitNetwork([], directory);
  const found = await findCheckpoint(directory, json);
  Deno.permissions.revokeSync({ name: "write" });
  using gpu = await Gpu.open(device);
  using model = await loadCheckpoint(gpu, found);
  const show = json ? printSamples : writeSamples;
  if (!isInteractive) {
    if (given?.includes("\uFFFD")) {
      warn("note: U+FFFD in the prompt stands for what is not UTF-8, unless it was meant");
    }
    return await show(model, samples, { ...asked, prompt: given ?? await readPrompt() });
  }
  let { seed } = asked;
  for await (const prompt of readPrompts()) {
    checkSeed(seed, samples);
    await show(model, samples, { ...asked, seed, prompt }, true);
    seed += samples;
  }
}

function checkSeed(seed: number, samples: number): void {
  if (Number.isSafeInteger(seed + (samples - 1))) return;
  throw new UsageError(`--seed ${seed} is too large for ${samples} samples, whose seeds count up`);
}

/** A prompt, and what is drawn from after it. */
type Asked = GenerateOptions & { prompt: string; seed: number };

/** @param isKnown Whether the reader has the prompt already. */
async function writeSamples(model: Gpt2, samples: number, asked: Asked, isKnown = false) {
  noteSpecial(model, asked);
  const title = (sample: number) =>
    samples > 1 ? `${sample === 0 ? "" : "\n"}--- sample ${sample + 1}\n` : "";
  const prompt = isKnown ? "" : asked.prompt;
  const begins = Array.from({ length: samples }, (_, sample) => title(sample) + prompt);
  const texts = new TextsInOrder(begins, write);
  for await (const piece of generateSamples(model, samples, asked)) texts.add(piece);
}

/** Prints a line of JSON for each text, once all are whole. */
async function printSamples(model: Gpt2, samples: number, asked: Asked): Promise<void> {
  noteSpecial(model, asked);
  const texts: string[] = new Array(samples).fill("");
  for await (const { sample, text } of generateSamples(model, samples, asked)) {
    texts[sample] += text;
  }
  const { seed, prompt } = asked;
  texts.forEach((text, sample) => printJson({ seed: seed + sample, prompt, text }));
}

function noteSpecial({ vocabulary }: Gpt2, { prompt, special }: Asked): void {
  const { endName } = vocabulary.tokenizer;
  if (special || !prompt.includes(endName)) return;
  warn(`note: ${endName} in the prompt is text like any other; --special makes it the token`);
}

/** Writes text as it is, or made {@linkcode printable} to a terminal. */
function write(text: string): void {
  const bytes = new TextEncoder().encode(Deno.stdout.isTerminal() ? printable(text) : text);
  try {
    writeAllSync(Deno.stdout, bytes);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw error;
    throw fileError(error, "standard output: cannot write");
  }
}

/** Runs the command. */
export const start: Start = (args) => main(COMMAND, sample, { args });

if (import.meta.main) await start();
