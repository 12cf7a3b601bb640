import { cpuUsage } from "node:process";
import { UserError } from "../../src/errors.ts";
import type { Result } from "../result.ts";
import { median } from "../statistics.ts";

/** Work done so many times in a row, and waited for. */
export type Run = (times: number) => Promise<void>;

/** How long to measure. */
export interface AlternateOptions {
  /** How often each takes its turn. @default 5 */
  rounds?: number;
  /** Work is repeated for about so many seconds a turn. @default 0.5 */
  seconds?: number;
}

/** What is submitted at once at most: a peer may allocate memory for all of it. */
const MOST_RUNS = 32;

/** Medians of what a run takes. */
interface Cost {
  seconds: number;
  /** Processor seconds of all threads, the software driver's among them. */
  cpu: number;
}

/** Measures ours and a peer's by turns, after a run that compiles. */
export async function alternate(
  ours: Run,
  peers: Run,
  { rounds = 5, seconds = 0.5 }: AlternateOptions = {},
): Promise<[Cost, Cost]> {
  const sides: { run: Run; times: number; costs: Cost[] }[] = [];
  for (const run of [ours, peers]) {
    await run(1);
    const once = await cost(run, 1);
    const times = Math.min(Math.ceil(seconds / once.seconds), MOST_RUNS);
    sides.push({ run, times, costs: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { run, times, costs } of sides) costs.push(await cost(run, times));
  }
  const [our, peer] = sides.map(({ costs }) => ({
    seconds: median(costs.map(({ seconds }) => seconds)),
    cpu: median(costs.map(({ cpu }) => cpu)),
  }));
  return [our, peer];
}

async function cost(run: Run, times: number): Promise<Cost> {
  const before = cpuUsage();
  const start = performance.now();
  await run(times);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = cpuUsage(before);
  return { seconds: seconds / times, cpu: (user + system) / 1e6 / times };
}

/** Both side by side; processor time only where it is what does the work. */
export function sideBySide(
  name: string,
  flops: number,
  [our, peer]: readonly [Cost, Cost],
  isSoftware: boolean,
): Result {
  return {
    name,
    "ms": our.seconds * 1000,
    "ms of the peer": peer.seconds * 1000,
    "GFLOP/s": flops / our.seconds / 1e9,
    "GFLOP/s of the peer": flops / peer.seconds / 1e9,
    "times as fast": peer.seconds / our.seconds,
    ...isSoftware && {
      "CPU ms": our.cpu * 1000,
      "CPU ms of the peer": peer.cpu * 1000,
      "times as fast by CPU": peer.cpu / our.cpu,
    },
  };
}

/** @throws {UserError} If two results that should be the same are not. */
export function checkAgree(
  name: string,
  ours: ArrayLike<number>,
  peers: ArrayLike<number>,
  tolerance = 1e-3,
): void {
  for (let i = 0; i < ours.length; i++) {
    if (Math.abs(ours[i] - peers[i]) <= tolerance) continue;
    throw new UserError(`${name}: ours gives ${ours[i]}, the peer ${peers[i]}`);
  }
}
