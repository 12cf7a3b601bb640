/**
 * Opens a file and takes its lock; undefined if someone else has it, in this process or another.
 * The operating system unlocks the file when it is closed, and when the process ends in whatever
 * way.
 */
export function tryLockFile(path: string, options: Deno.OpenOptions): Deno.FsFile | undefined {
  for (;;) {
    using opened = new DisposableStack();
    const file = opened.use(Deno.openSync(path, options));
    if (!file.tryLockSync(true)) return undefined;
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
 * Whether an open file is the one that a path names now: another process may have renamed or
 * removed it between opening and locking.
 */
function isSameFile(file: Deno.FsFile, path: string): boolean {
  try {
    return file.statSync().ino === Deno.statSync(path).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
