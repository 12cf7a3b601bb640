/**
 * Where programs keep what they can do without, on every system: `$XDG_CACHE_HOME`, or else
 * `.cache` in the user's home, as Hugging Face's own tools do. Undefined without a home.
 */
export function cacheDirectory(): string | undefined {
  const cache = environment("XDG_CACHE_HOME");
  if (cache !== undefined) return cache;
  const home = environment(Deno.build.os === "windows" ? "USERPROFILE" : "HOME");
  return home === undefined ? undefined : `${home}/.cache`;
}

/** A variable of the environment; undefined if it is empty. */
export function environment(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}
