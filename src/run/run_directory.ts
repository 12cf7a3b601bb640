import { dirname, resolve } from "@std/path";
import { UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { Checkpoints } from "./checkpoints.ts";
import { checkUnlocked } from "./run_lock.ts";

/**
 * Makes sure that a run can be written to a directory, which need not exist yet, and that nothing
 * in it would be lost: found out now, not after hours of training.
 *
 * @throws {UserError} If the directory cannot be written, is in use or holds a run already.
 */
export async function checkRunDirectory(directory: string): Promise<void> {
  try {
    let nearest = resolve(directory);
    while (!await stat(nearest)) nearest = dirname(nearest);
    // Who may write to nothing but the directory finds out when it is made.
    const { state } = await Deno.permissions.query({ name: "write", path: nearest });
    if (state === "granted") {
      await Deno.remove(await Deno.makeTempFile({ dir: nearest, prefix: ".writable-" }));
    }
  } catch (error) {
    throw fileError(error, `${directory}: cannot write`);
  }
  checkUnlocked(directory);
  const size = async (name: string) => (await stat(`${directory}/${name}`))?.size ?? 0;
  const holdsModel = await size("model.safetensors") > 0 ||
    new Checkpoints(directory).steps().length > 0;
  if (!holdsModel) {
    // An empty log is left of a run that failed at its first step.
    if (await size("metrics.jsonl") === 0) return;
    throw new UserError(
      `${directory} holds the log of a run that saved nothing: remove it, or choose another one`,
    );
  }
  throw new UserError(
    `${directory} holds a run already: go on with --resume, choose another one, or remove it`,
  );
}

async function stat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
    throw error;
  }
}
