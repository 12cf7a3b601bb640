import { basename } from "@std/path";

/** A directory that a page shows: a run, or what `compare` leaves. */
export interface Found {
  /** Names it in addresses. */
  id: string;
  /** How people call it: its path below the directory that was given. */
  name: string;
  /** The directory that was given, absolute and without links. */
  root: string;
  /** Its path from there; empty if it is that directory itself. */
  relative: string;
  kind: "run" | "comparison";
}

/** Directories between one that was given and a run, at most. */
const DEPTH = 6;

/** Directories that are looked into at most: `/` may be given. */
const MOST = 20_000;

/**
 * Finds the runs and comparisons in directories and below. Links and hidden directories are not
 * entered, nor are those of runs.
 *
 * @param roots Absolute, without links.
 */
export async function discover(roots: readonly string[]): Promise<Found[]> {
  const found: Found[] = [];
  let left = MOST;
  const visit = async (root: string, at: number, relative: string, depth: number) => {
    if (left-- <= 0) return;
    const path = relative === "" ? root : `${root}/${relative}`;
    const { files, directories } = await list(path);
    const name = relative === "" ? basename(root) : relative;
    const own = { id: `${at}/${relative}`, name, root, relative };
    if (files.has("compare.json")) found.push({ ...own, kind: "comparison" });
    if (files.has("metrics.jsonl") || files.has("run.json")) {
      found.push({ ...own, kind: "run" });
      return;
    }
    if (depth === DEPTH) return;
    for (const name of directories) {
      await visit(root, at, relative === "" ? name : `${relative}/${name}`, depth + 1);
    }
  };
  for (const [at, root] of roots.entries()) await visit(root, at, "", 0);
  return found;
}

async function list(path: string): Promise<{ files: Set<string>; directories: string[] }> {
  const files = new Set<string>();
  const directories: string[] = [];
  try {
    for await (const { name, isFile, isDirectory } of Deno.readDir(path)) {
      if (isFile) files.add(name);
      else if (isDirectory && !name.startsWith(".")) directories.push(name);
    }
  } catch {
    // Removed meanwhile, or not ours to read: then there is nothing to show.
  }
  return { files, directories: directories.sort() };
}
