/**
 * Whether an open file is the one that a path names now: another process may have renamed or
 * removed it between opening and locking.
 */
export function isSameFile(file: Deno.FsFile, path: string): boolean {
  try {
    return file.statSync().ino === Deno.statSync(path).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
