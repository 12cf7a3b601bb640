import { cacheDirectory } from "../files/cache_directory.ts";
import { UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { isObject } from "../json.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { autotune } from "../ops/matmul/autotune.ts";
import { replaceText } from "../files/replace_file.ts";

/** Where choices are kept, and how long new ones may take. */
export interface TuneOptions {
  /** Where choices are kept. @default `agd-gpt2` in the user's cache directory, if there is one */
  directory?: string;
  /** Milliseconds after which no further shape is measured. @default 10000 */
  milliseconds?: number;
}

/** What tuning did. */
export interface TuneResult {
  /** Shapes of matrix products that were measured now. */
  measured: number;
  /** Shapes that time did not suffice for; the next run goes on with them. */
  left: number;
  /** The file that keeps the choices, if there is a place for it. */
  path?: string;
}

/** The directory in which choices are kept by default; undefined without a home. */
export function tuningDirectory(): string | undefined {
  const caches = cacheDirectory();
  return caches && `${caches}/agd-gpt2`;
}

/**
 * Measures which kernels are the fastest on this adapter for what `build` builds inside
 * {@linkcode Gpu.measure}. Choices are kept in a file by adapter, as its driver describes itself,
 * and not measured again. A file that cannot be read or written is done without. Every kernel
 * adds up in the same order, so the choice changes how fast results are, and not what they are.
 *
 * @example
 * ```ts
 * import { Agd, Gpu, loadCheckpoint, Trainer, type TrainerOptions, tune } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, "runs/base");
 * const options: TrainerOptions = { batch: 8, optimizer: (target) => new Agd(target) };
 * const build = () => gpu.measure(() => new Trainer(model, options));
 * const { measured } = await tune(gpu, build, { directory: "kernels", milliseconds: 1000 });
 * console.log(`${measured} shapes measured`);
 * using trainer = new Trainer(model, options); // the fastest ones that there are
 * ```
 */
export async function tune(
  gpu: Gpu,
  build: () => unknown,
  options: TuneOptions = {},
): Promise<TuneResult> {
  const { directory = tuningDirectory(), milliseconds } = options;
  const path = directory && `${directory}/kernels-${fileNameOf(gpu.adapterName)}.json`;
  const known = path === undefined ? {} : await readChoices(path, gpu.adapterName);
  const { choices, measured, left } = await autotune(gpu, build, { known, milliseconds });
  if (measured === 0 || !path) return { measured, left, path };
  const text = JSON.stringify({ adapter: gpu.adapterName, choices: { ...known, ...choices } });
  try {
    await Deno.mkdir(directory, { recursive: true });
    await replaceText(path, text + "\n");
    return { measured, left, path };
  } catch (error) {
    // A read-only home is no reason not to train.
    if (!(fileError(error, path) instanceof UserError)) throw error;
    return { measured, left };
  }
}

/** The choices in a file; none if it is not there, not whole, or of another adapter. */
async function readChoices(path: string, adapter: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await Deno.readTextFile(path));
    if (!isObject(value) || value.adapter !== adapter) return {};
    return isObject(value.choices) ? value.choices : {};
  } catch {
    return {};
  }
}

/** A name as a part of a file's name. */
function fileNameOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
}
