import { addDirectory } from "../files/add_directory.ts";
import { fileError } from "../files/file_error.ts";
import { flush } from "../files/flush.ts";
import { copyManifest, MANIFEST, removeManifest, writeManifest } from "../checkpoint/manifest.ts";
import { copyFile, removeFile } from "../files/create_file.ts";
import { checkNoLink } from "../files/no_link.ts";
import { isTrainingState } from "./training_state.ts";

/**
 * The checkpoints of a run: directories `checkpoints/step-000100` below the run's own. One is
 * written under a name that ends in `.tmp`, flushed to disk and renamed, so that what has a step's
 * name is whole. Then its model takes the place of the one in the run's directory, file by file,
 * and the manifest last.
 */
export class Checkpoints {
  readonly #run: string;
  readonly #directory: string;

  /**
   * @param run The run's directory.
   * @throws {UserError} If the checkpoints' directory is a link to somewhere else.
   */
  constructor(run: string) {
    this.#run = run;
    this.#directory = `${run}/checkpoints`;
    checkNoLink(this.#directory);
  }

  /** The directory of a step's checkpoint. */
  path(step: number): string {
    return `${this.#directory}/step-${String(step).padStart(6, "0")}`;
  }

  /** The steps that there are checkpoints of, ascending. */
  steps(): number[] {
    const numbers = this.#names().flatMap((name) => name.match(/^step-(\d+)$/)?.[1] ?? []);
    // What was named otherwise, e.g. step-7, is none of ours.
    const steps = numbers.filter((text) => this.path(Number(text)).endsWith(`/step-${text}`));
    return steps.map(Number).sort((a, b) => a - b);
  }

  /** Removes what a run that was killed left half-written. */
  removeUnfinished(): Promise<void> {
    return this.#remove(this.#names().filter((name) => /^step-\d+\.tmp$/.test(name)));
  }

  /** Removes all checkpoints but those that `keeps` wants. */
  prune(keeps: (step: number) => boolean): Promise<void> {
    const removed = this.steps().filter((step) => !keeps(step));
    return this.#remove(removed.map((step) => this.path(step).slice(this.#directory.length + 1)));
  }

  /**
   * Adds a checkpoint. If that fails, the ones before are as they were.
   *
   * @param write Writes the files into a directory.
   * @throws {UserError} If something cannot be written.
   */
  async add(step: number, write: (directory: string) => Promise<void>): Promise<void> {
    const path = this.path(step);
    try {
      await Deno.mkdir(this.#directory, { recursive: true });
    } catch (error) {
      throw fileError(error, `${path}: cannot write`);
    }
    await addDirectory(path, `${path}.tmp`, async (directory) => {
      await write(directory);
      await writeManifest(directory);
    });
    await this.publish(step);
  }

  /**
   * Puts a checkpoint's model into the run's directory, as links to the same files where there are
   * such, else as copies.
   *
   * @throws {UserError} If the directory cannot be written.
   */
  async publish(step: number): Promise<void> {
    const isPublished = (name: string) => name !== MANIFEST && !isTrainingState(name);
    await removeManifest(this.#run); // or it would be wrong until the end
    for (const { name } of Deno.readDirSync(this.path(step))) {
      if (!isPublished(name)) continue;
      const source = `${this.path(step)}/${name}`;
      const target = `${this.#run}/${name}`;
      try {
        if (!Deno.statSync(source).isFile) continue; // a file manager may have made a directory
        await removeFile(`${target}.tmp`); // of a run that was killed
        await Deno.link(source, `${target}.tmp`).catch(() => copyFile(source, `${target}.tmp`));
        await flush(`${target}.tmp`);
        await Deno.rename(`${target}.tmp`, target);
        await removeFile(`${target}.tmp`); // which stays if both were links to the same file
      } catch (error) {
        throw fileError(error, `${target}: cannot write`);
      }
    }
    await copyManifest(this.path(step), this.#run, isPublished);
    await flush(this.#run);
  }

  #names(): string[] {
    try {
      return [...Deno.readDirSync(this.#directory)].map(({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw fileError(error, `${this.#directory}: cannot read`);
    }
  }

  async #remove(names: string[]): Promise<void> {
    for (const name of names) {
      const path = `${this.#directory}/${name}`;
      try {
        // Under another name first: half-removed, it must not pass for a checkpoint.
        const doomed = path.endsWith(".tmp") ? path : `${path}.tmp`;
        if (doomed !== path) await Deno.rename(path, doomed);
        await Deno.remove(doomed, { recursive: true });
      } catch (error) {
        throw fileError(error, `${path}: cannot remove`);
      }
    }
  }
}
