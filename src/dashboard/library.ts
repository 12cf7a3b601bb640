import { RunCurves } from "./curves.ts";
import { discover, type Found } from "./discover.ts";
import { below, insideOf, readJsonInside } from "./inside.ts";
import { type RunSummary, summarise } from "./summary.ts";
import { Tail } from "./tail.ts";
import { parseSample, type Sample } from "../run/sample_log.ts";

/** Samples of a run, and characters of each, that are shown at most. */
const MOST_SAMPLES = 1_000;
const MOST_TEXT = 20_000;

/** Bytes of a sample that is read at all. */
const MOST_SAMPLE_BYTES = 1 << 25;

/** What is in the directories that a page shows. */
export interface Contents {
  runs: RunSummary[];
  comparisons: { id: string; name: string }[];
}

/** The runs and comparisons below some directories, which are only read. */
export class Library {
  #found = new Map<string, Found>();
  readonly #curves = new Map<string, RunCurves>();

  /**
   * @param roots Absolute, without links.
   * @param now A clock, in milliseconds since 1970.
   */
  constructor(readonly roots: readonly string[], readonly now: () => number) {}

  /** Looks for runs, and how they are doing. */
  async look(): Promise<Contents> {
    const found = await discover(this.roots);
    this.#found = new Map(found.map((entry) => [`${entry.kind} ${entry.id}`, entry]));
    for (const id of this.#curves.keys()) {
      if (!this.#found.has(`run ${id}`)) this.#curves.delete(id);
    }
    const runs: RunSummary[] = [];
    for (const run of found) {
      if (run.kind === "run") runs.push(await summarise(run, this.now()));
    }
    const comparisons = found.filter(({ kind }) => kind === "comparison")
      .map(({ id, name }) => ({ id, name }));
    return { runs, comparisons };
  }

  /** The curves of a run; undefined if there is no such run. */
  curves(id: string): RunCurves | undefined {
    const found = this.#found.get(`run ${id}`);
    if (!found) return undefined;
    let curves = this.#curves.get(id);
    if (!curves) this.#curves.set(id, curves = new RunCurves(found));
    return curves;
  }

  /** The samples of a run, the last of many; undefined if there is no such run. */
  async samples(id: string): Promise<Sample[] | undefined> {
    const found = this.#found.get(`run ${id}`);
    if (!found) return undefined;
    const { root, relative } = found;
    const samples: Sample[] = [];
    const tail = new Tail(root, below(relative, "samples.jsonl"), {
      chunk: MOST_SAMPLE_BYTES,
    });
    await tail.read((line) => {
      const sample = parseSample(line);
      if (!sample) return;
      if (samples.length === MOST_SAMPLES) samples.shift();
      samples.push({ step: sample.step, text: cut(sample.text) });
    }, () => samples.length = 0);
    return samples;
  }

  /** The directory of a run's checkpoint; undefined if there is none, or a link in it. */
  async checkpoint(id: string, step: number): Promise<string | undefined> {
    const found = this.#found.get(`run ${id}`);
    if (!found || !Number.isSafeInteger(step)) return undefined;
    const name = `checkpoints/step-${String(step).padStart(6, "0")}`;
    const path = await insideOf(found.root, below(found.relative, name));
    if (path === undefined) return undefined;
    try {
      for await (const { isFile } of Deno.readDir(path)) {
        if (!isFile) return undefined;
      }
      return path;
    } catch {
      return undefined; // removed meanwhile
    }
  }

  /** What `compare.json` holds; undefined if there is none. */
  async comparison(id: string): Promise<unknown> {
    const found = this.#found.get(`comparison ${id}`);
    if (!found) return undefined;
    return await readJsonInside(found.root, below(found.relative, "compare.json"));
  }
}

function cut(text: string): string {
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}\n… (cut)` : text;
}
