/// <reference lib="dom" />
import type { Bucket } from "../series.ts";
import type { View } from "./address.ts";
import { placeOf } from "./buckets.ts";
import type { RunFields, Store } from "./store.ts";

/** A part of a run, or what is known of it so far. */
interface Part {
  /** What was asked for. */
  key: string;
  /** That of the run's curves, which may have been begun anew since. */
  generation: number;
  fields: RunFields;
  request: AbortController;
}

/** The parts of long runs that are looked at closely: they are read again, as finely as there is. */
export class FinerParts {
  readonly #store: Store;
  readonly #onNews: () => void;
  readonly #parts = new Map<string, Part>();

  constructor(store: Store, onNews: () => void) {
    this.#store = store;
    this.#onNews = onNews;
  }

  /** The curves of a run, as finely as they are known where the view is; asks for what is not. */
  fields(id: string, { x, zoom }: View): RunFields {
    const known = this.#store.fields(id);
    const generation = this.#store.generation(id);
    if (!zoom) return known;
    const key = JSON.stringify([generation, x, zoom]);
    let part = this.#parts.get(id);
    if (part?.key !== key && this.#store.isThinned(id) && isClose(known, x, zoom)) {
      part?.request.abort();
      // What was read of another place may be in view too, until this has come.
      const fields = part?.generation === generation ? part.fields : new Map();
      part = { key, generation, fields, request: new AbortController() };
      this.#parts.set(id, part);
      void this.#read(id, part, { x, zoom });
    }
    return part?.generation === generation ? merged(known, part.fields) : known;
  }

  async #read(id: string, part: Part, { x, zoom: [from, to] }: Close): Promise<void> {
    const query = new URLSearchParams({ id, x, from: String(from), to: String(to) });
    try {
      const response = await fetch(`part?${query}`, { signal: part.request.signal });
      if (!response.ok) return;
      part.fields = new Map(Object.entries<Bucket[]>(await response.json()));
      this.#onNews();
    } catch {
      // Another part is asked for by now, or the server is gone: what is known is shown.
    }
  }
}

type Close = Required<Pick<View, "x" | "zoom">>;

/** Whether so little is in view that reading it again gives at least twice the points. */
function isClose(fields: RunFields, x: View["x"], [from, to]: [number, number]): boolean {
  const longest = [...fields.values()].reduce((a, b) => b.length > a.length ? b : a, []);
  const inView = longest.filter((bucket) => {
    const at = placeOf(bucket, x);
    return at !== null && at >= from && at <= to;
  });
  return inView.length <= longest.length / 2;
}

/** Fields with a part of each in the place of what was there. */
function merged(known: RunFields, part: RunFields): RunFields {
  return new Map(Array.from(known, ([name, buckets]) => {
    const finer = part.get(name);
    if (!finer || finer.length === 0) return [name, buckets];
    const [first, last] = [finer[0][0], finer[finer.length - 1][0]];
    const before = buckets.filter(([step]) => step < first);
    const after = buckets.filter(([step]) => step > last);
    return [name, [...before, ...finer, ...after]];
  }));
}
