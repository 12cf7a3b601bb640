import { UserError } from "../../src/errors.ts";

/** Imports a package by name and version, which is fetched when it is asked for. */
export type Load = (name: string) => Promise<unknown>;

const LOCK = new URL("../../deno.lock", import.meta.url);

/**
 * Imports a package of npm's that nothing else depends on, so that the lock file stays as it is.
 *
 * @throws {UserError} If it cannot be fetched or does not start.
 */
export const loadFromNpm: Load = async (name) => {
  const lock = await Deno.readTextFile(LOCK);
  const specifier = `npm:${name}`; // a constant one would be fetched by every check
  try {
    return await import(specifier);
  } catch (error) {
    throw new UserError(`${name} cannot be loaded: ${firstLine(error)}`);
  } finally {
    if (await Deno.readTextFile(LOCK) !== lock) await Deno.writeTextFile(LOCK, lock);
  }
};

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}
