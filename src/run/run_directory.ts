import { dirname, resolve } from "@std/path";
import { UsageError, UserError } from "../errors.ts";
import { fileExists } from "../files/file_exists.ts";
import { checkNoLink } from "../files/no_link.ts";
import { removeFile } from "../files/create_file.ts";
import { fileError } from "../files/file_error.ts";
import { Checkpoints } from "./checkpoints.ts";
import { LossHistory } from "./loss_history.ts";
import { MetricsLog, readMetrics } from "./metrics.ts";
import type { RunOptions } from "./options.ts";
import { goOn } from "./resume.ts";
import { checkUnlocked, RunLock } from "./run_lock.ts";
import { readSamples, removeSamples } from "./sample_log.ts";
import { EventFile } from "./tensorboard/event_file.ts";
import { isInPlace } from "./saved_run.ts";
import type { BestStep } from "./training_state.ts";

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
    const log = `${directory}/metrics.jsonl`;
    // A run that ended before it had saved anything leaves its log; anything else is not ours.
    if (await size("metrics.jsonl") === 0 || await isLog(log)) return;
    throw new UserError(`${log} is no log of a run: remove it, or choose another --out`, "EXISTS");
  }
  throw new UserError(
    `${directory} holds a run already: go on with --resume, choose another --out, or remove it`,
    "EXISTS",
  );
}

/** Whether a file holds steps of a run, and nothing else. */
async function isLog(path: string): Promise<boolean> {
  try {
    return (await readMetrics(path)).length > 0;
  } catch (error) {
    if (error instanceof UserError && error.code === "CHECKPOINT") return false;
    throw error;
  }
}

async function stat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return;
    throw error;
  }
}

/**
 * Makes sure that a run can be written to its directory, as {@linkcode checkRunDirectory}, unless it
 * goes on there.
 *
 * @throws {UsageError} If the run that is resumed was opened to go on elsewhere.
 * @throws {UserError} If the directory cannot be written, is in use or holds a run already, or no
 * step would be done.
 */
export async function checkOut({ out, steps, seconds, resume }: RunOptions): Promise<void> {
  if (resume && resolve(out) !== resolve(resume.out)) {
    throw new UsageError(`the run was opened to go on in ${resume.out}, not in ${out}`);
  }
  if (resume && isInPlace(resume, out)) return;
  await checkRunDirectory(out);
  if (!resume) return;
  const { checkpoint, state } = resume;
  if (state.step < (steps ?? Infinity) && (state.seconds ?? 0) < (seconds ?? Infinity)) return;
  const most = state.step >= (steps ?? Infinity) ? `${steps} steps` : `${seconds} seconds`;
  throw new UserError(
    `${checkpoint} is of step ${state.step} already, so that nothing would be written to ${out}: ` +
      `train for more than ${most}, or copy it`,
    "CHECKPOINT",
  );
}

/** A run's directory that nobody else writes to until this is disposed of. */
export interface RunDirectory extends Disposable {
  /** The checkpoints in it. */
  readonly checkpoints: Checkpoints;
  /** Its `metrics.jsonl`. */
  readonly metrics: MetricsLog;
  /** What TensorBoard reads, if that is asked for. */
  readonly events: EventFile | undefined;
  /** The losses of the steps done before. */
  readonly history: LossHistory;
  /** The best step so far that there is a checkpoint of. */
  readonly best: BestStep | null;
}

/**
 * Makes and locks a run's directory. One that a run goes on in becomes what it was at the checkpoint
 * that it goes on from.
 *
 * @param validation What identifies the validation batches, if there are any.
 * @throws {UserError} If the directory cannot be written or is in use, or its log is damaged.
 */
export async function openRunDirectory(
  options: RunOptions,
  validation: string | null,
): Promise<RunDirectory> {
  const { out, resume, onNote } = options;
  using held = new DisposableStack();
  await createDirectory(out);
  const { staleOf } = resume && isInPlace(resume, out) ? resume : held.use(new RunLock(out));
  if (staleOf) onNote?.(`Took over the lock of process ${staleOf}, which is dead.`);
  const checkpoints = new Checkpoints(out);
  await checkpoints.removeUnfinished();
  if (!resume) await startOver(`${out}/metrics.jsonl`, onNote);
  const best = resume ? await goOn(resume, checkpoints, options, validation) : null;
  const metrics = held.use(new MetricsLog(`${out}/metrics.jsonl`));
  const history = new LossHistory();
  const steps = await readMetrics(`${out}/metrics.jsonl`);
  for (const step of steps) history.add(step);
  const events = options.tensorboard
    ? held.use(await EventFile.open(out, { steps, samples: await readSamples(out) }))
    : undefined;
  const all = held.move();
  return { checkpoints, metrics, events, history, best, [Symbol.dispose]: () => all.dispose() };
}

/** Removes the log of a run that ended before it had saved anything. */
async function startOver(log: string, onNote: RunOptions["onNote"]): Promise<void> {
  checkNoLink(log);
  if (!await fileExists(log)) return;
  const { length } = await readMetrics(log);
  await removeFile(log);
  await removeSamples(dirname(log));
  if (length > 0) {
    onNote?.(
      `Started over: a run that ended here before (${length} ${
        length === 1 ? "line" : "lines"
      } of metrics) had saved nothing.`,
    );
  }
}

async function createDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw fileError(error, `${path}: cannot create`);
  }
}
