import { UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
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

/** @throws {UserError} If a path is no directory. */
async function checkDirectory(path: string): Promise<void> {
  try {
    if ((await Deno.stat(path)).isDirectory) return checkNotAll(path);
  } catch (error) {
    const { NotFound, NotADirectory } = Deno.errors;
    if (!(error instanceof NotFound || error instanceof NotADirectory)) {
      throw fileError(error, `${path}: cannot read`);
    }
    throw new UserError(
      `no directory ${path}: name a checkpoint's, or owner/name of a model on the Hugging Face Hub`,
      "NOT_FOUND",
    );
  }
  throw new UserError(
    `${path} is no directory: name the one that holds config.json and weights`,
    "NOT_FOUND",
  );
}

/** @throws {UserError} If a directory holds all of a run's checkpoints; they are named. */
function checkNotAll(path: string): void {
  const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  const steps = names.filter((name) => /^step-\d{6,}$/.test(name));
  if (names.includes("config.json") || steps.length === 0) return;
  throw new UserError(
    `${path} holds the checkpoints ${steps.join(", ")}: name one of them, or the run's directory`,
    "NOT_FOUND",
  );
}

/**
 * The directory of a checkpoint. A model of the hub is downloaded if need be, with a progress bar
 * on terminals.
 *
 * @param hidden Draw no bar.
 * @throws {UserError} If there is no such directory, or the hub does not have it, or it cannot be
 * downloaded.
 */
export async function findCheckpoint(checkpoint: string, hidden = false): Promise<string> {
  if (!isOnHub(checkpoint)) {
    await checkDirectory(checkpoint);
    return checkpoint;
  }
  using bar = hidden || !Deno.stdout.isTerminal() ? undefined : new ReadingBar();
  try {
    return await downloadModel(checkpoint, {
      onProgress: (file, bytes, size) => bar?.draw(bytes, size, file),
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // It may have been meant as a directory.
    throw new UserError(
      `no directory ${checkpoint} here; on the hub: ${error.message}`,
      error.code,
    );
  }
}
