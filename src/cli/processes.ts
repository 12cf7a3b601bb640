import { findLaunch, type Launch } from "../comm/launch.ts";
import { MpiCommunicator } from "../comm/mpi.ts";
import { UsageError, UserError } from "../errors.ts";
import { Checkpoints } from "../run/checkpoints.ts";
import type { Arguments } from "./arguments.ts";
import { commandOf } from "./command.ts";
import { exitCodeOf, firstError, tellError } from "./main.ts";

/** Milliseconds for which the first process is left to tell of an error that all may have. */
const TELL_MS = 2000;
/** Milliseconds for which an end is waited for, as of a step, once a process is gone. */
const LOSS_MS = 1000;

/** Whether this process is the one that prints: the first of those that mpirun started, or alone. */
export function isFirstProcess(): boolean {
  return (findLaunch((name) => Deno.env.get(name))?.rank ?? 0) === 0;
}

/**
 * Runs a command with the other processes that mpirun started, if it did: a failure of one ends all,
 * and the first one tells of it. Foreign functions are given up, for good, once MPI is loaded, or at
 * once where there is none.
 *
 * @param run Gets the processes, if there are any; returns the exit code.
 */
export async function withProcesses(
  options: Arguments,
  run: (processes?: MpiCommunicator) => Promise<number>,
): Promise<number> {
  const launch = findLaunch((name) => Deno.env.get(name));
  const timeout = timeoutOption(options);
  if (!launch) {
    Deno.permissions.revokeSync({ name: "ffi" });
    refuseOptions(options);
    return await run();
  }
  const processes = await MpiCommunicator.open(launch, { path: options.text("mpi"), timeout });
  Deno.permissions.revokeSync({ name: "ffi" });
  try {
    const code = await Promise.race([run(processes), afterLoss(processes)]);
    const codes = await processes.gather(Uint8Array.of(code));
    await processes.close();
    return Math.max(...codes.map(([code]) => code));
  } catch (thrown) {
    return await endAll(processes, firstError(thrown));
  }
}

/**
 * Tells of an error upon which this process came before it joined the others, once: of a wrong call,
 * which may be this process's alone, by joining them to end all; of what its host lacks in the first
 * process there.
 *
 * @returns The exit code.
 */
export async function tellBeforeJoining(error: UserError): Promise<number> {
  const launch = findLaunch((name) => Deno.env.get(name));
  if (!launch) return tellError(error);
  if (error instanceof UsageError && launch.family !== "MPI") {
    return await endWronglyCalled(launch, error);
  }
  if (launch.rank === 0) return tellError(error);
  if (error instanceof UsageError) return 0; // the first one's as well, as a rule
  await new Promise((resolve) => setTimeout(resolve, TELL_MS));
  return launch.localRank ? exitCodeOf(error) : tellError(error);
}

/** Ends all processes since one was called wrongly, or this one if there is no MPI to tell by. */
async function endWronglyCalled(launch: Launch, error: UsageError): Promise<number> {
  let processes: MpiCommunicator;
  try {
    processes = await MpiCommunicator.open(launch);
  } catch {
    return launch.rank === 0 ? tellError(error) : exitCodeOf(error);
  }
  return await endAll(processes, error);
}

/**
 * Rejects some time after a process is gone, unless what is under way has come upon it by then, which
 * knows of the last checkpoint.
 */
async function afterLoss({ lost }: MpiCommunicator): Promise<never> {
  try {
    return await lost;
  } catch (error) {
    await new Promise((resolve) => setTimeout(resolve, LOSS_MS));
    throw error;
  }
}

/**
 * Adds the last checkpoint to an error by which the first process is gone, which would have: where
 * this one sees the run's directory.
 */
export function withCheckpoint(
  error: unknown,
  processes: MpiCommunicator | undefined,
  out: string,
): unknown {
  if (!processes?.isTeller || processes.rank === 0 || !(error instanceof UserError)) return error;
  const checkpoints = new Checkpoints(out);
  const step = checkpoints.steps().at(-1);
  if (step === undefined) return error;
  return new UserError(
    `${error.message}; the last checkpoint is ${checkpoints.path(step)}`,
    error.code,
  );
}

/** Tells the others of an error, and all who started them. */
async function endAll(processes: MpiCommunicator, error: unknown): Promise<number> {
  // What another process told of may have got something to it here, as the last checkpoint.
  const wasTold = processes.hasEnded;
  const verdict = await processes.fail(error);
  const told = wasTold && error instanceof UserError ? error : verdict;
  const code = processes.isTeller ? tellError(told) : exitCodeOf(told);
  await processes.close(); // before that mpirun would end those that have not printed yet
  if (!(error instanceof UserError)) throw error;
  return code;
}

function timeoutOption(options: Arguments): number | undefined {
  const timeout = options.number("network-timeout");
  if (timeout === undefined || timeout > 0) return timeout;
  throw new UsageError(`--network-timeout must be above 0, not ${timeout}`);
}

/** @throws {UsageError} If an option is given that needs other processes. */
function refuseOptions(options: Arguments): void {
  const given = ["mpi", "network-timeout"].find((name) => options.text(name) !== undefined);
  if (given === undefined) return;
  throw new UsageError(
    `--${given} is for processes that mpirun starts, as in mpirun -n 2 ${commandOf("train")}`,
  );
}

/**
 * Does something in one process of each host first, so that the others find what it left in a cache.
 */
export async function firstOnHost<T>(
  processes: MpiCommunicator | undefined,
  action: () => Promise<T>,
): Promise<T> {
  if (!processes) return await action();
  const { localRank } = processes;
  if (localRank > 0) await processes.barrier();
  const result = await action();
  if (localRank === 0) await processes.barrier();
  return result;
}
