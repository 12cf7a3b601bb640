import { UsageError, UserError } from "../errors.ts";
import { isObject } from "../json.ts";
import type { Batch } from "../tokens/batch.ts";
import { plainPosition, type StreamPosition } from "./order/position.ts";
import type { DataSources } from "./files/sources.ts";
import { openTokenStream, type TokenStream, type TokenStreamOptions } from "./token_stream.ts";

/** A place in a mixture: small and plain, to be kept as JSON. */
export interface MixturePosition {
  /** The weights of the sources. */
  weights: number[];
  /** The sequences that were drawn from each. */
  drawn: number[];
  /** The place in each; null if none was drawn. */
  sources: (StreamPosition | null)[];
}

/** A place in data, of one source or several. */
export type DataPosition = StreamPosition | MixturePosition;

/** What to mix, and into which shape; each source is read as a stream of its own. */
export interface MixtureOptions extends Omit<TokenStreamOptions, "data" | "position"> {
  /** The sources: each files, globs, directories and URLs, or shards. */
  sources: readonly DataSources[];
  /** In which proportion sequences are drawn from them. */
  weights: readonly number[];
  /** Continue where another mixture of the same sources was. @default the beginning */
  position?: MixturePosition;
}

/** Whether a place is one in a mixture. */
export function isMixture(position: DataPosition): position is MixturePosition {
  return "sources" in position;
}

/** The source to draw the next sequence from: the one that is the furthest behind its share. */
export function nextSource(weights: readonly number[], drawn: readonly number[]): number {
  const sum = weights.reduce((sum, weight) => sum + weight, 0);
  const next = 1 + drawn.reduce((sum, count) => sum + count, 0);
  const behind = weights.map((weight, i) => weight / sum * next - drawn[i]);
  return behind.indexOf(Math.max(...behind));
}

/**
 * Opens a mixture: sequences of several sources in proportion to their weights, evenly spread. Each
 * source has its own order, place and passes. Of validation parts, which end, those that are at their
 * end begin anew until each has been read once.
 *
 * @throws {UsageError} If there is not a positive weight for each source.
 * @throws {UserError} As {@linkcode openTokenStream}, or if the position is none of such a mixture.
 */
export async function openMixture(
  options: MixtureOptions,
): Promise<TokenStream<Batch | undefined, MixturePosition>> {
  const { sources, weights, position } = options;
  if (weights.length !== sources.length || !weights.every((weight) => weight > 0)) {
    throw new UsageError(
      `${sources.length} sources need as many positive weights, not ${weights.join(",")}`,
    );
  }
  const from = position && plainMixture(position, weights);
  const stream = new MixedStream(options, from?.drawn ?? sources.map(() => 0));
  try {
    for (const place of from?.sources ?? sources.map(() => null)) await stream.open(place);
  } catch (error) {
    await stream.close();
    throw error;
  }
  return stream;
}

/** @throws {UserError} If a position that was read from somewhere is none of such a mixture. */
export function plainMixture(
  { weights, drawn, sources }: MixturePosition,
  wanted: readonly number[],
): MixturePosition {
  const isWhole = Array.isArray(weights) && Array.isArray(drawn) && Array.isArray(sources) &&
    [drawn, sources].every(({ length }) => length === weights.length) &&
    drawn.every((count) => Number.isSafeInteger(count) && count >= 0);
  if (!isWhole) throw new UserError("the data position is damaged: start anew without it", "DATA");
  if (String(weights) !== String(wanted)) {
    throw new UserError("the data position is of a mixture of other weights: start anew", "DATA");
  }
  const plain = sources.map((place) => isObject(place) ? plainPosition(place) : null);
  return { weights: [...weights], drawn: [...drawn], sources: plain };
}

class MixedStream implements TokenStream<Batch | undefined, MixturePosition> {
  readonly #options: MixtureOptions;
  readonly #streams: TokenStream[] = [];
  readonly #drawn: number[];
  /** The passes over each source that are complete. */
  readonly #epochs: number[];
  /** The sources that have come to their end once. */
  readonly #ended = new Set<number>();
  position: MixturePosition | undefined;

  constructor(options: MixtureOptions, drawn: readonly number[]) {
    this.#options = options;
    this.#drawn = [...drawn];
    this.#epochs = drawn.map(() => 0);
    this.position = options.position;
  }

  get waitedMs(): number {
    return this.#streams.reduce((sum, { waitedMs }) => sum + waitedMs, 0);
  }

  get skipped(): number {
    return this.#streams.reduce((sum, { skipped }) => sum + skipped, 0);
  }

  /** Opens the next source. */
  async open(place: StreamPosition | null): Promise<void> {
    this.#epochs[this.#streams.length] = place?.epoch ?? 0;
    this.#streams.push(await this.#openSource(this.#streams.length, place));
  }

  async next(): Promise<Batch | undefined> {
    const { batch, context, weights } = this.#options;
    const inputs = new Uint32Array(batch * context);
    const targets = new Uint32Array(batch * context);
    for (let row = 0; row < batch; row++) {
      const source = nextSource(weights, this.#drawn);
      const sequence = await this.#draw(source);
      if (!sequence) return undefined;
      this.#drawn[source]++;
      inputs.set(sequence.inputs, row * context);
      targets.set(sequence.targets, row * context);
    }
    this.position = {
      weights: [...weights],
      drawn: [...this.#drawn],
      sources: this.#streams.map(({ position }) => position ?? null),
    };
    return { inputs, targets, epochs: [...this.#epochs] };
  }

  /** One sequence of a source; undefined if all sources have ended. */
  async #draw(source: number): Promise<Batch | undefined> {
    const sequence = await this.#streams[source].next();
    if (sequence) {
      this.#epochs[source] = sequence.epoch ?? 0;
      return sequence;
    }
    this.#ended.add(source);
    if (this.#ended.size === this.#streams.length) return undefined;
    await this.#streams[source].close();
    this.#streams[source] = await this.#openSource(source, null);
    return await this.#streams[source].next();
  }

  #openSource(source: number, place: StreamPosition | null): Promise<TokenStream> {
    const { sources, weights: _, position: __, ...options } = this.#options;
    const data = sources[source];
    return openTokenStream({ ...options, data, batch: 1, position: place ?? undefined });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    try {
      for (let batch; (batch = await this.next());) yield batch;
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#streams.map((stream) => stream.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
