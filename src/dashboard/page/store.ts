/// <reference lib="dom" />
import type { Contents } from "../library.ts";
import type { Bucket, SeriesPart } from "../series.ts";
import type { RunSummary } from "../summary.ts";

/** The buckets of a run by field. */
export type RunFields = Map<string, Bucket[]>;

/** What the server has told, kept up to date. */
export class Store {
  /** What there is; undefined until the server has told. */
  contents: Contents | undefined;
  readonly #series = new Map<string, RunFields>();
  readonly #thinned = new Set<string>();
  readonly #generations = new Map<string, number>();
  readonly #numbers = new Map<string, number>();
  #source: EventSource | undefined;
  #followed = "";
  #isDue = false;
  readonly #onNews: (what: "contents" | "series" | "connection") => void;
  /** Whether the server can be reached. */
  isLive = false;

  constructor(onNews: (what: "contents" | "series" | "connection") => void) {
    this.#onNews = onNews;
  }

  /** The run with an id, if it is there. */
  run(id: string): RunSummary | undefined {
    return this.contents?.runs.find((run) => run.id === id);
  }

  /** The curves of a run, as far as they are known. */
  fields(id: string): RunFields {
    return this.#series.get(id) ?? new Map();
  }

  /** Whether curves of a run have fewer points than its log. */
  isThinned(id: string): boolean {
    return this.#thinned.has(id);
  }

  /** How often the curves of a run were begun anew. */
  generation(id: string): number {
    return this.#generations.get(id) ?? 0;
  }

  /** A number of a run's that stays the same while the page is open, for its colour. */
  number(id: string): number {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    this.#numbers.set(id, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  /** Has the server tell of what there is, and of the curves of these runs. */
  follow(ids: readonly string[]): void {
    const query = ids.map((id) => `run=${encodeURIComponent(id)}`).join("&");
    if (this.#source && query === this.#followed) return;
    this.#followed = query;
    this.#source?.close();
    const source = this.#source = new EventSource(`events?${query}`);
    const isFirst = new Set(ids);
    source.onopen = () => {
      for (const id of ids) isFirst.add(id); // after a break all is told anew
      this.#connected(true);
    };
    source.onerror = () => this.#connected(false);
    source.addEventListener("contents", ({ data }) => {
      this.contents = JSON.parse(data);
      this.#forgetRemoved();
      this.#tell("contents");
    });
    source.addEventListener("series", ({ data }) => {
      const { id, reset, fields } = JSON.parse(data);
      if (reset) this.#generations.set(id, this.generation(id) + 1);
      if (reset || isFirst.delete(id)) this.#forget(id);
      this.#take(id, fields);
      this.#tell("series");
    });
  }

  #connected(isLive: boolean): void {
    if (isLive === this.isLive) return;
    this.isLive = isLive;
    this.#onNews("connection");
  }

  #forgetRemoved(): void {
    for (const id of this.#series.keys()) {
      if (!this.run(id)) this.#forget(id);
    }
  }

  #forget(id: string): void {
    this.#series.delete(id);
    this.#thinned.delete(id);
  }

  #take(id: string, parts: Record<string, SeriesPart>): void {
    let fields = this.#series.get(id);
    if (!fields) this.#series.set(id, fields = new Map());
    for (const [name, { from, buckets, size }] of Object.entries(parts)) {
      if (size > 1) this.#thinned.add(id);
      const known = fields.get(name) ?? [];
      known.length = Math.min(known.length, from);
      known.push(...buckets);
      fields.set(name, known);
    }
  }

  /** Curves of several runs come one by one: they are drawn together. */
  #tell(what: "contents" | "series"): void {
    if (what === "contents") return this.#onNews(what);
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => {
      this.#isDue = false;
      this.#onNews(what);
    }, 50);
  }
}
