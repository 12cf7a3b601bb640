import type { ErrorCode } from "../errors.ts";

/** What a process brings to an agreement, and what the first one makes of it. */
export interface Report {
  /** What it is about to do, e.g. `a sum of 100 numbers`. */
  call: string;
  /** Why it cannot go on. */
  failure?: Failure;
}

/** Why processes cannot go on. */
export interface Failure {
  message: string;
  code: ErrorCode;
}

/**
 * The first failure that there is, and where, unless it is everybody's.
 *
 * @param reports By rank.
 * @param nameOf What a process is called.
 */
export function judge(
  reports: Report[],
  nameOf: (rank: number) => string,
): Failure | undefined {
  const rank = reports.findIndex(({ failure }) => failure);
  if (rank < 0) {
    const other = reports.findIndex(({ call }) => call !== reports[0].call);
    if (other < 0) return undefined;
    const [mine, others] = [reports[0].call, reports[other].call];
    const message = `${nameOf(other)} is at ${others} where the first one is at ${mine}: ` +
      "all must run the same program with the same options";
    return { message, code: "USAGE" };
  }
  const { message, code } = reports[rank].failure!;
  const isEverybodys = reports.every(({ failure }) =>
    failure && message.startsWith(failure.message)
  );
  return { message: isEverybodys ? message : `${nameOf(rank)}: ${message}`, code };
}
