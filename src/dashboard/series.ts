import { isObject } from "../json.ts";

/**
 * Consecutive measurements: the step, tokens and seconds of the last one (seconds are null where the
 * log does not say), and the mean, the least and the greatest value.
 */
export type Bucket = [
  step: number,
  tokens: number,
  seconds: number | null,
  mean: number,
  least: number,
  greatest: number,
];

/** Where a step is: seconds are null where the log does not say. */
export type Place = readonly [step: number, tokens: number, seconds: number | null];

/** A part of a run, its ends included. */
export interface Range {
  x: "step" | "tokens" | "seconds";
  from: number;
  to: number;
}

/** Where a place, or a bucket, is on an axis. */
export function placeOn(
  [step, tokens, seconds]: Place | Bucket,
  x: Range["x"],
): number | null {
  return x === "step" ? step : x === "tokens" ? tokens : seconds;
}

/** A field's buckets from one on, to be put in place of what was there. */
export interface SeriesPart {
  /** The first bucket that is told; those before are as they were. */
  from: number;
  buckets: Bucket[];
  /** Measurements in a bucket, but for the last one. */
  size: number;
}

/** How far someone has been told of a field. */
interface Told {
  size: number;
  count: number;
}

/** Buckets of a field at most. */
const MOST_BUCKETS = 2048;

/** Fields of a run at most: a log may be anybody's. */
const MOST_FIELDS = 256;

/** A field of a run of any length: no extreme is lost, however few buckets are left. */
export class ThinnedField {
  /** Measurements in a bucket, but for the last one. */
  size = 1;
  readonly buckets: Bucket[] = [];
  /** Measurements in the last bucket. */
  #inLast = 0;

  add(step: number, tokens: number, seconds: number | null, value: number): void {
    const last = this.buckets.at(-1);
    if (!last || this.#inLast === this.size) {
      if (this.buckets.length === MOST_BUCKETS) this.#halve();
      this.buckets.push([step, tokens, seconds, value, value, value]);
      this.#inLast = 1;
      return;
    }
    const mean = last[3] + (value - last[3]) / ++this.#inLast;
    last.splice(0, 6, step, tokens, seconds, mean, ...widened(last, value));
  }

  #halve(): void {
    for (let i = 0; i < MOST_BUCKETS / 2; i++) {
      const [one, other] = [this.buckets[2 * i], this.buckets[2 * i + 1]];
      const mean = (one[3] + other[3]) / 2;
      const [step, tokens, seconds] = other;
      const ends = [Math.min(one[4], other[4]), Math.max(one[5], other[5])] as const;
      this.buckets[i] = [step, tokens, seconds, mean, ...ends];
    }
    this.buckets.length = MOST_BUCKETS / 2;
    this.size *= 2;
  }
}

function widened([, , , , least, greatest]: Bucket, value: number): [number, number] {
  return [Math.min(least, value), Math.max(greatest, value)];
}

/** The measurements of a run by the names of `metrics.jsonl`; of norms `norm/update/matrices`. */
export class RunSeries {
  readonly fields = new Map<string, ThinnedField>();
  /** Steps read. */
  steps = 0;
  /** How often it began anew. */
  generation = 0;
  /** Of the steps read, and before, those that were skipped. */
  skipped: number;
  readonly #range: Range | undefined;

  /** Those of a whole run, or of a part of it, before which steps may have been skipped. */
  constructor({ range, skipped = 0 }: { range?: Range; skipped?: number } = {}) {
    this.#range = range;
    this.skipped = skipped;
  }

  /**
   * Takes a line of `metrics.jsonl`; one that is no step is left out.
   *
   * @returns Where the step is.
   */
  addLine(line: string): Place | undefined {
    const values = parseLine(line);
    if (!values) return;
    const { step, tokens, seconds, norms, ...rest } = values;
    if (!isFinite(step)) return;
    const place: Place = [
      step,
      isFinite(tokens) ? tokens : 0,
      isFinite(seconds) ? seconds : null,
    ];
    if (rest.skipped === true) this.skipped++;
    if (this.#range && !isWithin(place, this.#range)) return place;
    this.steps++;
    if (this.skipped > 0) this.#field("skipped")?.add(...place, this.skipped);
    for (const name of PLAIN) {
      const value = rest[name];
      if (isFinite(value)) this.#field(name)?.add(...place, value);
    }
    if (isObject(norms)) this.#addNorms(place, norms);
    return place;
  }

  #addNorms(place: Place, norms: Record<string, unknown>): void {
    for (const [group, kinds] of Object.entries(norms)) {
      if (!isObject(kinds)) continue;
      for (const kind of ["gradient", "update", "weight"]) {
        const value = kinds[kind];
        if (isFinite(value)) {
          this.#field(`norm/${kind}/${group.slice(0, 100)}`)?.add(...place, value);
        }
      }
    }
  }

  #field(name: string): ThinnedField | undefined {
    let field = this.fields.get(name);
    if (!field && this.fields.size < MOST_FIELDS) this.fields.set(name, field = new ThinnedField());
    return field;
  }

  /** Forgets all: another file took the log's place. */
  reset(): void {
    this.fields.clear();
    this.steps = 0;
    this.skipped = 0;
    this.generation++;
  }
}

/** Fields of a line that are numbers of their own. */
const PLAIN = [
  ...["loss", "val_loss", "eta", "gradient_summary", "learning_rate", "loss_scale"],
  ...["tokens_per_second", "data_wait_ms", "host_ms", "reduce_wait_ms"],
];

function isWithin(place: Place, { x, from, to }: Range): boolean {
  const at = placeOn(place, x);
  return at !== null && at >= from && at <= to;
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFinite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Tells one reader what is new of a run's series, and nothing twice. */
export class SeriesTeller {
  readonly #told = new Map<string, Told>();
  #generation = 0;

  /** What changed since the last call; undefined if nothing did. */
  news(series: RunSeries): { reset: boolean; fields: Record<string, SeriesPart> } | undefined {
    const reset = series.generation !== this.#generation;
    if (reset) this.#told.clear();
    this.#generation = series.generation;
    const fields: Record<string, SeriesPart> = {};
    for (const [name, field] of series.fields) {
      const part = this.#part(name, field);
      if (part) fields[name] = part;
    }
    return reset || Object.keys(fields).length > 0 ? { reset, fields } : undefined;
  }

  #part(name: string, { size, buckets }: ThinnedField): SeriesPart | undefined {
    const told = this.#told.get(name);
    // The last bucket that was told may have grown since, if it is of more than one measurement.
    const isSame = told !== undefined && told.size === size;
    const from = isSame ? size === 1 ? told.count : told.count - 1 : 0;
    if (isSame && from >= buckets.length) return undefined;
    this.#told.set(name, { size, count: buckets.length });
    return { from, buckets: buckets.slice(from), size };
  }
}
