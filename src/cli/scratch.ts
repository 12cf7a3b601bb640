import { dirname, resolve } from "@std/path";
import { fileError } from "../files/file_error.ts";
import { interruptSignal } from "./interrupt.ts";

/**
 * Makes something in a directory of its own, beside where it then goes, which is removed at the end:
 * also by Ctrl-C, so that nothing half made is left.
 *
 * @param out Where it goes.
 * @param make Makes it in the directory; the signal tells of Ctrl-C, whatever it then throws.
 * @returns What to exit with.
 * @throws {UserError} If nothing can be written there.
 */
export async function makeInScratch(
  out: string,
  make: (scratch: string, signal: AbortSignal) => Promise<void>,
): Promise<number> {
  using interrupt = interruptSignal(() => {});
  const parent = dirname(resolve(out));
  const scratch = await Deno.makeTempDir({ dir: parent, prefix: ".agd-gpt2-" }).catch((error) => {
    throw fileError(error, `${out}: cannot write`);
  });
  try {
    await make(scratch, interrupt.signal);
    return 0;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    return interrupt.exitCode;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}
