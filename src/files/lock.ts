import { checkNoLink } from "./no_link.ts";
import { checkRegular } from "./read_file.ts";
import { warn } from "../warn.ts";

/**
 * Opens a file and takes its lock; undefined if someone else has it, in this process or another.
 * The operating system unlocks the file when it is closed, and when the process ends in whatever
 * way.
 *
 * @throws {UserError} If there is a link, or what is no file.
 */
export function tryLockFile(path: string, options: Deno.OpenOptions): Deno.FsFile | undefined {
  for (;;) {
    checkNoLink(path);
    checkRegular(path);
    using opened = new DisposableStack();
    const file = opened.use(Deno.openSync(path, options));
    if (!tryLock(file, path)) return undefined;
    if (!isSameFile(file, path)) continue;
    opened.move(); // it stays open
    return file;
  }
}

/** As {@linkcode tryLockFile}, but waits for the lock as long as someone else has it. */
export async function lockFile(path: string, options: Deno.OpenOptions): Promise<Deno.FsFile> {
  for (;;) {
    const locked = tryLockFile(path, options);
    if (locked) return locked;
    using file = await Deno.open(path, options);
    await file.lock(true);
  }
}

/**
 * Takes the lock of an open file, if nobody has it. Where the file system has no locks, as some
 * network file systems have none, it says so, once, and takes it as given.
 */
export function tryLock(file: Deno.FsFile, path: string, exclusive = true): boolean {
  try {
    return file.tryLockSync(exclusive);
  } catch (error) {
    if (!hasNoLocks(error)) throw error;
    if (!unlocked.has(path)) {
      warn(`${path}: no locks on this file system: make sure that nothing else writes there`);
    }
    unlocked.add(path);
    return true;
  }
}

const unlocked = new Set<string>();

/** ENOLCK, ENOSYS, EOPNOTSUPP on Linux and on macOS; Deno has no codes of the first two. */
function hasNoLocks(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof Deno.errors.NotSupported) return true;
  return /\(os error (37|38|95|77|78|102)\)/.test(error.message);
}

/**
 * Whether an open file is the one that a path names now: another process may have renamed or
 * removed it between opening and locking, or put a link there before.
 */
function isSameFile(file: Deno.FsFile, path: string): boolean {
  try {
    return file.statSync().ino === Deno.lstatSync(path).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
