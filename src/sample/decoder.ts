import { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { type Activations, allocateActivations, freeActivations } from "../model/activations.ts";
import { forward } from "../model/forward.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import type { TensorMap } from "../model/weights.ts";
import { outputLogits } from "../ops/cross_entropy.ts";

/** Tokens of a prompt that go through the model at once. */
const CHUNK = 64;

/** What a {@linkcode Decoder} runs. */
export interface DecoderOptions {
  /** @default the model's weights */
  weights?: TensorMap;
  /** Most tokens of a sequence, up to the context: what memory depends on. @default the context */
  capacity?: number;
}

/**
 * Runs a model over one growing sequence. The keys and values of past tokens are kept, so a new
 * token costs one pass over the weights, and attention over what came before.
 */
export class Decoder implements Disposable {
  readonly #model: Gpt2;
  readonly #capacity: number;
  readonly #cache: Tensor[];
  readonly #chunk: Activations;
  readonly #chunkPlan: Plan;
  readonly #single: Activations;
  readonly #singlePlan: Plan;
  #position = 0;

  /** Allocates what it needs besides the model. */
  constructor(model: Gpt2, options: DecoderOptions = {}) {
    const { weights = model.weights, capacity = Infinity } = options;
    const { gpu, config } = model;
    this.#model = model;
    this.#capacity = Math.min(capacity, config.context);
    const length = Math.min(CHUNK, this.#capacity);
    // The last chunk of a prompt may reach past the end with its padding.
    const rows = this.#capacity + length;
    this.#cache = Array.from(
      { length: config.layers },
      () => gpu.tensor("key-value cache", [rows, 3 * config.width]),
    );
    const cache = { layers: this.#cache, position: () => this.#position };
    const pass = (length: number) => {
      const activations = allocateActivations(gpu, config, { batch: 1, length, backward: false });
      const plan = new Plan(gpu);
      forward({ gpu, plan, config, weights, activations }, cache);
      return { activations, plan };
    };
    const chunk = pass(length);
    const single = pass(1);
    const { final, logits } = single.activations.outer;
    outputLogits(gpu, single.plan, final, weights.get("wte.weight")!, logits);
    [this.#chunk, this.#chunkPlan] = [chunk.activations, chunk.plan];
    [this.#single, this.#singlePlan] = [single.activations, single.plan];
  }

  /** Tokens of the sequence so far. */
  get length(): number {
    return this.#position;
  }

  /** Forgets the sequence. */
  reset(): void {
    this.#position = 0;
  }

  /**
   * Appends tokens to the sequence and returns the logits (V) of the one that follows.
   *
   * @param tokens At least one, and no more than there is room for.
   */
  async append(tokens: Uint32Array): Promise<Float32Array> {
    const { gpu, config } = this.#model;
    if (tokens.length === 0 || this.#position + tokens.length > this.#capacity) {
      throw new RangeError(
        `${tokens.length} tokens do not fit behind ${this.#position} in ${this.#capacity}`,
      );
    }
    const last = tokens.length - 1;
    const { length } = this.#chunk.sizes;
    for (let at = 0; at < last; at += length) {
      const padded = new Uint32Array(length);
      padded.set(tokens.subarray(at, Math.min(at + length, last)));
      this.#run(this.#chunk, this.#chunkPlan, padded);
      this.#position += Math.min(length, last - at);
    }
    this.#run(this.#single, this.#singlePlan, tokens.subarray(last));
    this.#position++;
    const logits = await gpu.read(this.#single.outer.logits);
    return logits.subarray(0, config.vocabularySize);
  }

  #run({ outer }: Activations, plan: Plan, tokens: Uint32Array): void {
    const { gpu } = this.#model;
    gpu.write(outer.tokens, tokens);
    gpu.write(outer.start, Uint32Array.of(this.#position));
    plan.run();
  }

  /** Frees everything but the model. */
  [Symbol.dispose](): void {
    const { gpu } = this.#model;
    gpu.free(...this.#cache);
    freeActivations(gpu, this.#chunk);
    freeActivations(gpu, this.#single);
    this.#chunkPlan[Symbol.dispose]();
    this.#singlePlan[Symbol.dispose]();
  }
}
