import { UserError } from "../../errors.ts";
import { fileError } from "../../files/file_error.ts";
import { openFile } from "../../files/read_file.ts";
import { removeFileSync } from "../../files/create_file.ts";
import { tryLock, tryLockFile } from "../../files/lock.ts";

/** Every `of`-th shard, from the `number`-th on, counted from 1. */
export interface Share {
  number: number;
  of: number;
}

/**
 * Creates a directory, and gives the right to prepare a share of the shards in it: while one process
 * has it, none can get it for a share that has a shard in common.
 *
 * Each share has a lock file, which is removed while it is still locked: who opened it before finds
 * that it has no name any more, and makes it anew.
 *
 * @throws {UserError} If another process has it, or the directory cannot be written.
 */
export async function lockShare(directory: string, share: Share): Promise<Disposable> {
  const name = lockName(share);
  const path = `${directory}/${name}`;
  try {
    await Deno.mkdir(directory, { recursive: true });
    const file = tryLockFile(path, { write: true, create: true });
    if (!file) throw heldBy(directory, share);
    try {
      // Its own first, then the others': of two processes at least one sees the other.
      for await (const entry of Deno.readDir(directory)) {
        const other = parseName(entry.name);
        if (!other || entry.name === name || !overlap(share, other)) continue;
        if (await isHeld(`${directory}/${entry.name}`)) throw heldBy(directory, other);
      }
    } catch (error) {
      unlock(file, path);
      throw error;
    }
    return { [Symbol.dispose]: () => unlock(file, path) };
  } catch (error) {
    throw fileError(error, `${directory}: cannot write`);
  }
}

/** Whether a process has the lock of a file, which may be gone: then none has. */
async function isHeld(path: string): Promise<boolean> {
  try {
    using file = await openFile(path);
    return !tryLock(file, path, false);
  } catch (error) {
    if (error instanceof UserError && error.code === "NOT_FOUND") return false;
    throw error;
  }
}

function unlock(file: Deno.FsFile, path: string): void {
  try {
    removeFileSync(path);
  } catch {
    // The lock ends here, whether or not the file can be removed.
  }
  file.close();
}

const lockName = ({ number, of }: Share) => `prepare-${number}-of-${of}.lock`;

function parseName(name: string): Share | undefined {
  const [number, of] = name.match(/^prepare-(\d+)-of-(\d+)\.lock$/)?.slice(1).map(Number) ?? [];
  return of > 0 ? { number, of } : undefined;
}

/** Whether some number is one of both shares: if they agree modulo what divides both steps. */
function overlap(a: Share, b: Share): boolean {
  return (a.number - b.number) % divisor(a.of, b.of) === 0;
}

/** The greatest that two numbers have in common. */
function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

function heldBy(directory: string, { number, of }: Share): UserError {
  const what = of === 1 ? directory : `share ${number}/${of} of ${directory}`;
  return new UserError(
    `another process is preparing ${what}; wait for it, or choose another --out`,
    "LOCKED",
  );
}
