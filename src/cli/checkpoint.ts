import { UserError } from "../errors.ts";
import { downloadModel, isHubId } from "../hub/model.ts";
import { ReadingBar } from "./reading_bar.ts";

/**
 * Whether a checkpoint is a model of the Hugging Face Hub, `owner/name`: no path that exists, nor one
 * in a directory that does.
 */
export function isOnHub(checkpoint: string): boolean {
  return isHubId(checkpoint) && !isThere(checkpoint.split("/")[0]);
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

/**
 * The directory of a checkpoint. A model of the hub is downloaded if need be, with a progress bar
 * on terminals.
 *
 * @param hidden Draw no bar.
 * @throws {UserError} If the hub does not have it, or it cannot be downloaded.
 */
export async function findCheckpoint(checkpoint: string, hidden = false): Promise<string> {
  if (!isOnHub(checkpoint)) return checkpoint;
  using bar = hidden || !Deno.stdout.isTerminal() ? undefined : new ReadingBar();
  try {
    return await downloadModel(checkpoint, {
      onProgress: (file, bytes, size) => bar?.draw(bytes, size, file),
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // It may have been meant as a directory.
    throw new UserError(`no directory ${checkpoint} here; on the hub: ${error.message}`);
  }
}
