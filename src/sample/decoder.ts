import { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { type Activations, allocateActivations, freeActivations } from "../model/activations.ts";
import { forward } from "../model/forward.ts";
import type { Gpt2 } from "../model/gpt2.ts";
import { checkTokens } from "../model/passes.ts";
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

/** A forward pass over so many tokens, and the memory that it takes. */
interface SequencePass {
  activations: Activations;
  plan: Plan;
}

/**
 * Runs a model over one growing sequence. The keys and values of past tokens are kept, so a new
 * token costs one pass over the weights, and attention over what came before.
 */
export class Decoder implements Disposable {
  readonly #model: Gpt2;
  readonly #capacity: number;
  readonly #cache: Tensor[];
  readonly #chunk: SequencePass;
  readonly #single: SequencePass;
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
    [this.#cache, this.#chunk, this.#single] = gpu.allocateAll(() => {
      const layers = Array.from(
        { length: config.layers },
        () => gpu.tensor("key-value cache", [rows, 3 * config.width]),
      );
      const pass = (length: number): SequencePass => {
        const activations = allocateActivations(gpu, config, { batch: 1, length, backward: false });
        const plan = new Plan(gpu);
        const cache = { layers, position: () => this.#position };
        forward({ gpu, plan, config, weights, activations }, cache);
        return { activations, plan };
      };
      const [chunk, single] = [pass(length), pass(1)];
      const { final, logits } = single.activations.outer;
      outputLogits(gpu, single.plan, final, weights.get("wte.weight")!, logits);
      return [layers, chunk, single];
    });
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
   * @throws {UsageError} If a token is none of the vocabulary's.
   */
  async append(tokens: Uint32Array): Promise<Float32Array> {
    const { gpu, config } = this.#model;
    if (tokens.length === 0 || this.#position + tokens.length > this.#capacity) {
      throw new RangeError(
        `${tokens.length} tokens do not fit behind ${this.#position} in ${this.#capacity}`,
      );
    }
    checkTokens(tokens, config.vocabularySize);
    const last = tokens.length - 1;
    const { length } = this.#chunk.activations.sizes;
    for (let at = 0; at < last; at += length) {
      const padded = new Uint32Array(length);
      padded.set(tokens.subarray(at, Math.min(at + length, last)));
      this.#run(this.#chunk, padded);
      this.#position += Math.min(length, last - at);
    }
    this.#run(this.#single, tokens.subarray(last));
    this.#position++;
    const logits = await gpu.read(this.#single.activations.outer.logits);
    return logits.subarray(0, config.vocabularySize);
  }

  #run({ activations: { outer }, plan }: SequencePass, tokens: Uint32Array): void {
    const { gpu } = this.#model;
    gpu.write(outer.tokens, tokens);
    gpu.write(outer.start, Uint32Array.of(this.#position));
    plan.run();
  }

  /** Frees everything but the model. */
  [Symbol.dispose](): void {
    const { gpu } = this.#model;
    gpu.free(...this.#cache);
    for (const { activations, plan } of [this.#chunk, this.#single]) {
      freeActivations(gpu, activations);
      plan[Symbol.dispose]();
    }
  }
}
