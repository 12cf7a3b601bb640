import { UserError } from "../errors.ts";
import { isUrl } from "../data/files/shard.ts";
import { fileError } from "../files/file_error.ts";
import type { SavedRun } from "../run/saved_run.ts";

/**
 * The servers that a run's own data is on, e.g. `https://example.org`, each once: those that going on
 * with it will contact.
 *
 * @throws {UserError} If there are some and the run is another user's, who may have chosen them to be
 * told of who goes on with it.
 */
export function keptServers(
  { checkpoint, directory }: SavedRun,
  data: readonly string[],
): string[] {
  const servers = [...new Set(data.filter(isUrl).map((url) => new URL(url).origin))];
  if (servers.length === 0 || isOwn(`${checkpoint}/training_state.json`)) return servers;
  throw new UserError(
    `the run in ${directory} is another user's, and its data is on ${servers.join(", ")}: ` +
      "say --data again, to have that contacted or to take other data",
    "PERMISSION",
  );
}

/** Whether a file is this user's, as far as the system tells. */
function isOwn(path: string): boolean {
  try {
    const { uid } = Deno.statSync(path);
    return uid === null || uid === Deno.uid();
  } catch (error) {
    throw fileError(error, `${path}: cannot read`);
  }
}
