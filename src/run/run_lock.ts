import { UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { tryLock, tryLockFile } from "../files/lock.ts";
import { checkRegular } from "../files/read_file.ts";

const NAME = "run.lock";

/**
 * The right to write to a run's directory: a file that holds the process's id, locked by the
 * operating system, which unlocks it when the process ends in whatever way.
 */
export class RunLock implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  /** The process that died while it held the lock, if one did. */
  readonly staleOf: string | undefined;

  /**
   * Takes the lock of a directory that exists.
   *
   * @throws {UserError} If another process holds it, the directory cannot be written, or the
   * file is a link or no file.
   */
  constructor(directory: string) {
    this.#path = `${directory}/${NAME}`;
    this.#file = lockRun(this.#path, directory);
    try {
      this.staleOf = Deno.readTextFileSync(this.#path).trim() || undefined;
      this.#file.truncateSync();
      this.#file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
    } catch (error) {
      this.#file.close();
      throw fileError(error, `${this.#path}: cannot write`);
    }
  }

  /** Gives the directory free. */
  [Symbol.dispose](): void {
    try {
      Deno.removeSync(this.#path);
    } catch {
      // The lock ends with the process or here, whether or not the file can be removed.
    }
    this.#file.close();
  }
}

/** @throws {UserError} If a process holds the lock of the directory, which need not exist. */
export function checkUnlocked(directory: string): void {
  const path = `${directory}/${NAME}`;
  checkRegular(path);
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch {
    return; // there is none; whether the directory can be written is asked elsewhere
  }
  using lock = file;
  if (!tryLock(lock, path)) throw heldBy(directory);
}

function lockRun(path: string, directory: string): Deno.FsFile {
  try {
    const file = tryLockFile(path, { read: true, write: true, create: true });
    if (file) return file;
  } catch (error) {
    throw fileError(error, `${path}: cannot write`);
  }
  throw heldBy(directory);
}

function heldBy(directory: string): UserError {
  let holder = "another process";
  try {
    const id = Deno.readTextFileSync(`${directory}/${NAME}`).trim();
    if (id) holder = `process ${id}`;
  } catch {
    // Windows lets nobody read a locked file.
  }
  return new UserError(
    `${directory} is in use by ${holder}: wait for it, or choose another one`,
    "LOCKED",
  );
}
