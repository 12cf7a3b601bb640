import { KeptTexels } from "../gpu/kept_texels.ts";
import { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { type Activations, allocateActivations, freeActivations } from "../model/activations.ts";
import { forward } from "../model/forward.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { checkTokens } from "../model/passes.ts";
import type { TensorMap } from "../model/weights.ts";
import { outputLogits } from "../ops/cross_entropy.ts";
import { chooseToken, type SamplingOptions } from "./choose_token.ts";
import { recall } from "./recall.ts";

/** Tokens that go through the model at once where there are many, those of all sequences together. */
const CHUNK = 64;

/** What a {@linkcode Decoder} runs. */
export interface DecoderOptions extends SamplingOptions {
  /** Weights, which do not change meanwhile. @default the model's weights */
  weights?: TensorMap;
  /** Most tokens of a sequence, up to the context: what memory depends on. @default the context */
  capacity?: number;
  /** Of each sequence: any integer; the same seed draws the same tokens. @default [0] */
  seeds?: readonly number[];
}

/** A forward pass over so many tokens of each sequence, and the memory that it takes. */
interface SequencePass {
  activations: Activations;
  plan: Plan;
}

/** Tokens of each of so many sequences that go through the model at once. */
function chunkLength(capacity: number, sequences: number): number {
  return Math.max(1, Math.min(Math.floor(CHUNK / sequences), capacity));
}

/** Most bytes of keys and values. */
const CACHE_BYTES = 2 ** 30;

/** Sequences of up to `capacity` tokens for which a {@linkcode Decoder} is of reasonable size. */
export function sequencesThatFit({ gpu, config }: Gpt2, capacity: number): number {
  const { context, width, layers } = config;
  const rows = Math.min(capacity, context) + CHUNK;
  const most = Math.min(gpu.maxBindingBytes, CACHE_BYTES / layers);
  return Math.min(Math.max(Math.floor(most / (rows * 3 * width * 4)), 1), CHUNK);
}

/**
 * Runs a model over growing sequences, which are all as long, and draws their next tokens. The keys
 * and values of past tokens are kept, so a new token costs one pass over the weights, and attention
 * over what came before. Tokens stay on the GPU, so nothing waits for them to be read back.
 */
export class Decoder implements Disposable {
  readonly #model: Gpt2;
  readonly #weights: TensorMap;
  readonly #capacity: number;
  readonly #kept: KeptTexels;
  /** (B, capacity): the last tokens of each sequence, token t at t % capacity. */
  readonly #history: Tensor;
  /**
   * (4): the position of a pass's first token, where it is in the history, where the next token goes
   * there, and how many were drawn before it.
   */
  readonly #cursor: Tensor;
  /** (B, 2) */
  readonly #seeds: Tensor;
  /** (B, rows, 3 C) for each block. */
  readonly #cache: Tensor[];
  readonly #chunk: SequencePass;
  readonly #single: SequencePass;
  /** Tokens of each sequence so far, and how many of them were drawn. */
  #tokens = 0;
  #drawn = 0;
  /** The first token that the model sees, and how many from there on are in the cache. */
  #first = 0;
  #position = 0;

  /** Allocates what it needs besides the model. */
  constructor(model: Gpt2, options: DecoderOptions = {}) {
    const { weights = model.weights, capacity = Infinity, seeds = [0], ...sampling } = options;
    const { gpu, config } = model;
    this.#model = model;
    this.#weights = weights;
    this.#capacity = Math.min(capacity, config.context);
    this.#kept = new KeptTexels(gpu, weights.values());
    const length = chunkLength(this.#capacity, seeds.length);
    // The last chunk of a prompt may reach past the end with its padding.
    const rows = [seeds.length, this.#capacity + length, 3 * config.width];
    const { layers } = config;
    const allocated = gpu.allocateAll(() => {
      const history = gpu.tensor("history", [seeds.length, this.#capacity], "u32");
      const cursor = gpu.tensor("cursor", [4], "u32");
      const cache = Array.from({ length: layers }, () => gpu.tensor("key-value cache", rows));
      const shared = { history, cursor, cache };
      return {
        ...shared,
        seeds: gpu.tensor("seeds", [seeds.length, 2], "u32"),
        chunk: this.#pass(length, shared),
        single: this.#pass(1, shared),
      };
    });
    this.#history = allocated.history;
    this.#cursor = allocated.cursor;
    this.#cache = allocated.cache;
    this.#chunk = allocated.chunk;
    this.#single = allocated.single;
    this.#seeds = allocated.seeds;
    const halves = seeds.flatMap((seed) => [seed, Math.floor(seed / 2 ** 32)]);
    gpu.write(this.#seeds, Uint32Array.from(halves));
    const { plan, activations: { outer } } = this.#single;
    outputLogits(gpu, plan, outer.final, weights.get("wte.weight")!, outer.logits);
    chooseToken(gpu, plan, {
      logits: outer.logits,
      vocabularySize: config.vocabularySize,
      ...{ seeds: this.#seeds, cursor: this.#cursor, history: this.#history },
    }, sampling);
  }

  /** A pass over so many tokens of each sequence, from the history to the last layer norm. */
  #pass(
    length: number,
    { history, cursor, cache }: { history: Tensor; cursor: Tensor; cache: Tensor[] },
  ): SequencePass {
    const { gpu, config } = this.#model;
    const sizes = { batch: history.shape[0], length, backward: false };
    const activations = allocateActivations(gpu, config, sizes);
    const plan = new Plan(gpu, this.#kept);
    recall(gpu, plan, { history, cursor, tokens: activations.outer.tokens, length });
    const pass = { gpu, plan, config, weights: this.#weights, activations };
    const filled = () => this.#position + length;
    forward(pass, { layers: cache, start: cursor, filled });
    return { activations, plan };
  }

  /** Tokens of each sequence that the model sees, those included that it has yet to go through. */
  get length(): number {
    return this.#tokens - this.#first;
  }

  /** Most tokens of {@linkcode length}. */
  get capacity(): number {
    return this.#capacity;
  }

  /** (B, padded V): of the token that follows, after {@linkcode forward}. */
  get logits(): Tensor {
    return this.#single.activations.outer.logits;
  }

  /** Goes on from the last tokens only, so many; from 0 it begins anew. */
  keep(count: number): void {
    this.#first = this.#tokens - count;
    this.#position = 0;
  }

  /**
   * Appends tokens to each sequence.
   *
   * @param tokens At least one, and no more than there is room for.
   * @throws {UsageError} If a token is none of the vocabulary's.
   */
  append(tokens: Uint32Array): void {
    const { gpu, config } = this.#model;
    if (tokens.length === 0 || this.length + tokens.length > this.#capacity) {
      throw new RangeError(
        `${tokens.length} tokens do not fit behind ${this.length} in ${this.#capacity}`,
      );
    }
    checkTokens(tokens, config.vocabularySize);
    const [sequences, capacity] = this.#history.shape;
    const at = this.#tokens % capacity;
    const untilEnd = Math.min(tokens.length, capacity - at);
    for (let row = 0; row < sequences * capacity; row += capacity) {
      gpu.write(this.#history, tokens.subarray(0, untilEnd), row + at);
      gpu.write(this.#history, tokens.subarray(untilEnd), row);
    }
    this.#tokens += tokens.length;
  }

  /**
   * Runs the model over the tokens that it has yet to go through, at least one, and draws the token
   * that follows in each sequence.
   */
  forward(): void {
    const left = this.length - this.#position;
    if (left < 1 || this.length > this.#capacity) {
      throw new RangeError(`the model cannot go through ${left} of ${this.length} tokens`);
    }
    const last = this.length - 1;
    const { length } = this.#chunk.activations.sizes;
    while (this.#position < last) {
      this.#run(this.#chunk);
      this.#position = Math.min(this.#position + length, last);
    }
    this.#run(this.#single);
    this.#position++;
  }

  /** Appends the tokens that {@linkcode forward} drew. */
  accept(): void {
    this.#tokens++;
    this.#drawn++;
  }

  /**
   * Reads the last `count` tokens of each sequence back, up to the capacity. They are copied at once:
   * what comes later changes nothing.
   */
  async last(count: number): Promise<Uint32Array[]> {
    const [sequences, capacity] = this.#history.shape;
    const from = this.#tokens - count;
    const all = await this.#model.gpu.readIntegers(this.#history);
    const read = (sequence: number) =>
      Uint32Array.from(
        { length: count },
        (_, i) => all[sequence * capacity + (from + i) % capacity],
      );
    return Array.from({ length: sequences }, (_, sequence) => read(sequence));
  }

  #run({ plan }: SequencePass): void {
    const at = (token: number) => token % this.#history.shape[1];
    const first = at(this.#first + this.#position);
    const cursor = [this.#position, first, at(this.#tokens), this.#drawn];
    this.#model.gpu.write(this.#cursor, Uint32Array.from(cursor));
    plan.run();
  }

  /** Frees everything but the model. */
  [Symbol.dispose](): void {
    const { gpu } = this.#model;
    gpu.free(...this.#cache, this.#history, this.#cursor, this.#seeds);
    for (const { activations, plan } of [this.#chunk, this.#single]) {
      freeActivations(gpu, activations);
      plan[Symbol.dispose]();
    }
    this.#kept[Symbol.dispose]();
  }
}
