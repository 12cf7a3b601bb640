import { hash } from "node:crypto";
import { agdWith, type Contender } from "./contender.ts";
import { UsageError, UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { replaceText } from "../files/replace_file.ts";
import { isObject } from "../json.ts";
import { RunLock } from "../run/run_lock.ts";
import type { RunRecord, RunSettings } from "./record.ts";

/**
 * The finished runs of a directory: one file each, named after a hash of the run's settings. Until
 * it is disposed of no other process can open it.
 */
export class RunStore implements Disposable {
  readonly #directory: string;
  readonly #records = new Map<string, RunRecord>();
  readonly #lock: RunLock;
  #outdated = 0;

  private constructor(directory: string, lock: RunLock) {
    this.#directory = directory;
    this.#lock = lock;
  }

  /**
   * Opens `runs/` in a directory; creates it if need be.
   *
   * @throws {UserError} If it cannot be read or written, another process has it open, or a file in
   * it is damaged.
   */
  static async open(directory: string): Promise<RunStore> {
    const runs = `${directory}/runs`;
    await Deno.mkdir(runs, { recursive: true }).catch((error) => {
      throw fileError(error, `${runs}: cannot create`);
    });
    const store = new RunStore(runs, new RunLock(directory));
    try {
      await store.#read();
      return store;
    } catch (error) {
      store[Symbol.dispose]();
      throw error;
    }
  }

  async #read(): Promise<void> {
    const names: string[] = [];
    try {
      for await (const { name } of Deno.readDir(this.#directory)) {
        if (name.endsWith(".json")) names.push(name);
      }
    } catch (error) {
      throw fileError(error, `${this.#directory}: cannot read`);
    }
    for (const name of names.sort()) {
      const record = await readRecord(`${this.#directory}/${name}`, name);
      if (isCurrent(record.settings.contender)) this.#records.set(name, record);
      else this.#outdated++;
    }
  }

  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }

  /** How many runs are left out: those of an AGD with other settings than this version has. */
  get outdated(): number {
    return this.#outdated;
  }

  /** All runs. */
  get records(): RunRecord[] {
    return [...this.#records.values()];
  }

  /** The run with these settings, if it is finished. */
  find(settings: RunSettings): RunRecord | undefined {
    return this.#records.get(fileName(settings));
  }

  /** @throws {UserError} If the file cannot be written. */
  async add(record: RunRecord): Promise<void> {
    const name = fileName(record.settings);
    await replaceText(`${this.#directory}/${name}`, JSON.stringify(record, null, 1) + "\n");
    this.#records.set(name, record);
  }
}

function fileName(settings: RunSettings): string {
  const { contender: { optimizer }, seed } = settings;
  const digest = hash("sha256", canonical(settings)).slice(0, 16);
  return `${optimizer}-seed${seed}-${digest}.json`;
}

/** JSON that does not depend on the order in which properties were set. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    if (!isObject(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1));
  });
}

/** Whether its settings are those that there are: what is missing would pass for a default. */
function isCurrent(contender: Contender): boolean {
  if (contender.optimizer !== "agd") return true;
  try {
    return canonical(agdWith(contender.options)) === canonical(contender);
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

async function readRecord(path: string, name: string): Promise<RunRecord> {
  const text = await Deno.readTextFile(path).catch((error) => {
    throw fileError(error, `${path}: cannot read`);
  });
  const damaged = new UserError(
    `${path} is damaged: remove it, and the run is done again`,
    "CHECKPOINT",
  );
  let record: RunRecord;
  try {
    record = JSON.parse(text);
  } catch {
    throw damaged;
  }
  const settings = record?.settings;
  if (!settings?.contender || !Array.isArray(record.curve)) throw damaged;
  if (fileName(settings) !== name) throw damaged;
  return record;
}
