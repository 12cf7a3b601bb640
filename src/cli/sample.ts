/** `deno task sample`: generates text from a checkpoint. */
import { decodeUtf8, firstInvalid } from "../data/text/utf8.ts";
import { UsageError, UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { writeAllSync } from "../files/transfer.ts";
import { loadCheckpoint } from "../checkpoint/checkpoint.ts";
import { END_NAME } from "../tokens/tokenizer.ts";
import { warn } from "../warn.ts";
import { printable } from "../printable.ts";
import { checkSampling } from "../sample/choose_token.ts";
import { generateSamples } from "../sample/samples.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { findCheckpoint } from "./checkpoint.ts";
import { Gpu } from "../gpu/gpu.ts";
import { DEVICE, deviceOption } from "./device.ts";
import { main } from "./main.ts";
import { limitNetwork } from "./network.ts";
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
  },
  examples: [
    '--checkpoint runs/owt2 --prompt "The moon" --max-tokens 200',
    "--checkpoint runs/owt2 --temperature 0 < prompt.txt",
    '--checkpoint openai-community/gpt2 --prompt "The moon"',
  ],
};

async function sample(options: Arguments): Promise<void> {
  const directory = options.text("checkpoint");
  if (directory === undefined) throw new UsageError("--checkpoint DIR is needed");
  const seed = options.integer("seed", { min: 0 }) ?? 0;
  const samples = options.integer("num-samples") ?? 1;
  const settings = {
    maxTokens: options.integer("max-tokens", { min: 0 }),
    temperature: options.number("temperature") ?? 0.8,
    topK: options.integer("top-k"),
    topP: options.number("top-p"),
    window: options.choice("window", ["restart", "slide"]),
  };
  checkSampling(settings);
  if (!Number.isSafeInteger(seed + (samples - 1))) {
    throw new UsageError(
      `--seed ${seed} is too large for ${samples} samples, whose seeds count up`,
    );
  }
  const device = deviceOption(options);

  limitNetwork([], directory);
  const found = await findCheckpoint(directory);
  Deno.permissions.revokeSync({ name: "write" });
  using gpu = await Gpu.open(device);
  using model = await loadCheckpoint(gpu, found);
  const given = options.text("prompt");
  if (given?.includes("\uFFFD")) {
    warn("note: U+FFFD in the prompt stands for what is not UTF-8, unless it was meant");
  }
  const prompt = given ?? await readPrompt();
  const special = options.flag("special");
  const { endName } = model.vocabulary.tokenizer;
  if (!special && prompt.includes(endName)) {
    warn(`note: ${endName} in the prompt is text like any other; --special makes it the token`);
  }
  const title = (sample: number) =>
    samples > 1 ? `${sample === 0 ? "" : "\n"}--- sample ${sample + 1}\n` : "";
  const begins = Array.from({ length: samples }, (_, sample) => title(sample) + prompt);
  const texts = new TextsInOrder(begins, write);
  const asked = { ...settings, prompt, special, seed };
  for await (const piece of generateSamples(model, samples, asked)) texts.add(piece);
}

/**
 * What standard input holds, without its last line break; nothing on a terminal.
 *
 * @throws {UserError} If it is not UTF-8.
 */
async function readPrompt(): Promise<string> {
  if (Deno.stdin.isTerminal()) return "";
  const bytes = await new Response(Deno.stdin.readable).bytes();
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    throw new UserError(`the prompt on standard input is not UTF-8 at byte ${firstInvalid(bytes)}`);
  }
  return text.replace(/\r?\n$/, "");
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

if (import.meta.main) await main(COMMAND, sample);
