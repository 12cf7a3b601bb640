import { basename, dirname, resolve } from "@std/path";
import { UserError } from "../errors.ts";
import { Checkpoints } from "./checkpoints.ts";
import { verifyManifest } from "../checkpoint/manifest.ts";
import { RunLock } from "./run_lock.ts";
import { readTrainingState, type TrainingState } from "./training_state.ts";

/**
 * A run that can go on. Where that is in its own directory, nobody else can write there until this is
 * disposed of.
 */
export interface SavedRun extends Disposable {
  /** The run's directory. */
  readonly directory: string;
  /** Where it goes on. */
  readonly out: string;
  /** The directory of the checkpoint to go on from, for {@linkcode loadCheckpoint}. */
  readonly checkpoint: string;
  /** The run as it was then. */
  readonly state: TrainingState;
  /** The process that died while it wrote to the directory, if one did. */
  readonly staleOf: string | undefined;
}

/**
 * Opens a run to go on with it: from its last checkpoint, or from another one that is named, e.g.
 * `runs/owt2/checkpoints/step-000100`. Each file's checksum is verified.
 *
 * @param out Where the run is to go on; elsewhere than in its own directory, that one is only read.
 * @default its directory
 * @param access Whether this process writes there. Where another one does that for it, there is no lock.
 * @throws {UserError} If there is no checkpoint, a file of it is missing or damaged, or another
 * process is writing to the directory that the run is to go on in.
 *
 * @example
 * ```ts
 * import { openRun } from "@agd/gpt2";
 *
 * using run = await openRun("runs/base");
 * console.log(`step ${run.state.step}, to go on from ${run.checkpoint}`);
 * ```
 */
export async function openRun(
  path: string,
  out?: string,
  { isWritten = true }: { isWritten?: boolean } = {},
): Promise<SavedRun> {
  const named = basename(path).match(/^step-(\d+)$/);
  const isCheckpoint = named !== null && basename(dirname(resolve(path))) === "checkpoints";
  const directory = isCheckpoint ? dirname(dirname(resolve(path))) : path;
  const checkpoints = new Checkpoints(directory);
  const steps = checkpoints.steps();
  const step = isCheckpoint ? Number(named[1]) : steps.at(-1);
  if (step === undefined || !steps.includes(step)) {
    throw new UserError(
      isCheckpoint && steps.length > 0
        ? `${path}: there is no such checkpoint, but of the steps ${steps.join(", ")}`
        : `${path}: there is no checkpoint to resume from; name a run's directory, or start a new run`,
      "NOT_FOUND",
    );
  }
  const isElsewhere = out !== undefined && resolve(out) !== resolve(directory);
  const lock = isElsewhere || !isWritten ? undefined : new RunLock(directory);
  try {
    const checkpoint = checkpoints.path(step);
    await verify(checkpoint, steps.filter((other) => other < step).map((s) => checkpoints.path(s)));
    const state = await readTrainingState(checkpoint);
    if (state.step !== step) {
      throw new UserError(
        `${checkpoint} is the checkpoint of step ${state.step}: give it back the name that it had`,
        "CHECKPOINT",
      );
    }
    return {
      directory,
      out: out ?? directory,
      checkpoint,
      state,
      staleOf: lock?.staleOf,
      [Symbol.dispose]: () => lock?.[Symbol.dispose](),
    };
  } catch (error) {
    lock?.[Symbol.dispose]();
    throw error;
  }
}

/** Whether a run goes on in its own directory, so that its lock is held already. */
export function isInPlace({ directory }: SavedRun, out: string): boolean {
  return resolve(out) === resolve(directory);
}

async function verify(checkpoint: string, older: string[]): Promise<void> {
  try {
    await verifyManifest(checkpoint);
  } catch (error) {
    const last = older.at(-1);
    if (last === undefined || !(error instanceof UserError)) throw error;
    throw new UserError(
      `${error.message}; to go on from the one before: --resume ${last}`,
      error.code,
    );
  }
}
