import { allocateActivations, freeActivations } from "../model/activations.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { lossPlan, uploadBatch } from "../model/passes.ts";
import { Plan } from "../gpu/plan.ts";
import { outputLogits } from "../ops/cross_entropy.ts";
import { encodeWith } from "../tokens/tokenizer.ts";
import { attentionWeights } from "./attention_weights.ts";

/** A token of a text that a model has read. */
export interface ReadToken {
  /** What it stands for; of a part of a character, U+FFFD. */
  text: string;
  /** How little it was expected after those before it, in nats. */
  loss: number;
}

/** A token that may come next. */
export interface NextToken {
  text: string;
  probability: number;
}

/** What a model makes of a text. */
export interface Reading {
  /** The tokens that were read; `<|endoftext|>`, which stands before them, is not among them. */
  tokens: ReadToken[];
  /** How many more the text has. */
  left: number;
  /** The likeliest tokens after them, the likeliest first. */
  next: NextToken[];
  /**
   * How much each place attends to each: rows of T + 1 numbers that add up to 1, of which the first
   * place is `<|endoftext|>`.
   */
  attention(layer: number, head: number): Float32Array[];
}

/**
 * Reads a text with a model, as far as its context goes.
 *
 * @param most Tokens that are read at most.
 * @param likeliest How many of the next token are told.
 */
export async function readText(
  model: Gpt2,
  text: string,
  { most = 127, likeliest = 10 } = {},
): Promise<Reading> {
  const { gpu, config, vocabulary, weights } = model;
  const { tokenizer, endOfText } = vocabulary;
  const all = [...vocabulary.encode(encodeWith(tokenizer, text))];
  const ids = all.slice(0, Math.min(most, config.context - 1));
  const inputs = Uint32Array.of(endOfText, ...ids);
  const targets = Uint32Array.of(...ids, endOfText);
  const wte = weights.get("wte.weight")!;
  using held = new DisposableStack();
  // As for a backward pass, for which each block keeps its queries and keys.
  const sizes = { batch: 1, length: inputs.length, backward: true };
  const activations = gpu.allocateAll(() => allocateActivations(gpu, config, sizes));
  held.defer(() => freeActivations(gpu, activations));
  const { outer, blocks } = activations;
  const plan = held.use(lossPlan(gpu, config, weights, activations));
  uploadBatch(gpu, config, activations, { inputs, targets });
  plan.run();
  const losses = await gpu.read(outer.losses);
  const final = await gpu.read(outer.final);
  const last = gpu.tensorFrom("last place", [1, config.width], final.slice(-config.width));
  held.defer(() => gpu.free(last));
  const output = held.use(new Plan(gpu));
  outputLogits(gpu, output, last, wte, outer.logits);
  output.run();
  const logits = (await gpu.read(outer.logits)).subarray(0, config.vocabularySize);
  const textOf = (id: number) =>
    id === endOfText
      ? tokenizer.endName
      : new TextDecoder().decode(tokenizer.tokenBytes(vocabulary.decode(id)));
  const projections: Float32Array[] = [];
  for (const { qkv } of blocks) projections.push(await gpu.read(qkv));
  return {
    tokens: ids.map((id, i) => ({ text: textOf(id), loss: losses[i] })),
    left: all.length - ids.length,
    next: softmaxTop(logits, likeliest).map(({ id, probability }) => (
      { text: textOf(id), probability }
    )),
    attention: (layer, head) => attentionWeights(projections[layer], head, config),
  };
}

/** The likeliest of a distribution, by its logits. */
function softmaxTop(logits: Float32Array, count: number): { id: number; probability: number }[] {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
  return [...logits.keys()].sort((a, b) => logits[b] - logits[a]).slice(0, count)
    .map((id) => ({ id, probability: Math.exp(logits[id] - most) / sum }));
}
