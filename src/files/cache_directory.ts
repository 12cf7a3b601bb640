import { UserError } from "../errors.ts";

/**
 * Where programs keep what they can do without, on every system: `$XDG_CACHE_HOME`, or else
 * `.cache` in the user's home, as Hugging Face's own tools do. Undefined without a home.
 *
 * @throws {UserError} If `$XDG_CACHE_HOME` is in a home directory that is not known.
 */
export function cacheDirectory(): string | undefined {
  const cache = environmentPath("XDG_CACHE_HOME");
  if (cache !== undefined) return cache;
  const home = homeDirectory();
  return home === undefined ? undefined : `${home}/.cache`;
}

/** A variable of the environment; undefined if it is empty. */
export function environment(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

/**
 * A path that a variable of the environment holds; undefined if that is empty. A `~` at its start,
 * which shells leave alone between quotes, is the user's home directory.
 *
 * @throws {UserError} If it starts with another user's home directory, or there is none.
 */
export function environmentPath(name: string): string | undefined {
  const path = environment(name);
  if (path === undefined || !path.startsWith("~")) return path;
  const home = homeDirectory();
  if (home !== undefined && /^~($|[/\\])/.test(path)) return `${home}${path.slice(1)}`;
  throw new UserError(`${name} is ${path}: write the directory out, without ~`, "NOT_FOUND");
}

function homeDirectory(): string | undefined {
  return environment(Deno.build.os === "windows" ? "USERPROFILE" : "HOME");
}
