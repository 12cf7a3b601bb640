import { fromFileUrl } from "@std/path";
import { bytesOfSum } from "./network.ts";
import type { Machine } from "./machine.ts";
import type { Result } from "./result.ts";
import { median } from "./statistics.ts";
import { type Launcher, TwoHosts } from "./two_hosts.ts";

const TRAIN = fromFileUrl(new URL("../src/cli/train.ts", import.meta.url));
const DATA = fromFileUrl(new URL("../data", import.meta.url));

const LAUNCHERS: Launcher[] = [
  { name: "MPICH", launcher: "mpirun.mpich", options: [] },
  { name: "Open MPI", launcher: "mpirun.openmpi", options: ["--oversubscribe"] },
];

/** Bits a second of the cable between two hosts; undefined is as fast as this machine. */
const RATES = [undefined, 10e9, 1e9];
const STEPS = 8;
/** Steps in which kernels are warmed up and what is shared out is chosen. */
const FIRST_STEPS = 4;

const SOFTWARE = "--layers 4 --heads 4 --width 256 --context 64 --batch 1 --vocab full";
const DISCRETE = "--preset gpt2";

/** An event of `train --json`. */
interface TrainEvent {
  event: string;
  parameters?: number;
  seconds?: number;
  reduce_wait_ms?: number;
}

/**
 * Measures steps of 1, 2 and 4 processes, of as much work for each: on this host, and on two that
 * are namespaces of its network, joined by cables of several rates. All share this machine's
 * processors and GPU: what grows with the rate is the network's.
 */
export async function* benchScalingOut(machine: Machine): AsyncGenerator<Result> {
  const shape = machine.gpu.isSoftware ? SOFTWARE : DISCRETE;
  const launcher = LAUNCHERS.find(isThere);
  if (!launcher) {
    yield { name: "processes", skipped: "there is no mpirun.mpich or mpirun.openmpi" };
    return;
  }
  yield await measure("1 process", undefined, 1, shape);
  for (const count of [2, 4]) {
    yield await measure(`${count} processes, 1 host`, launcher, count, shape);
  }
  if (!await TwoHosts.areAllowed()) {
    yield { name: "2 hosts", skipped: "this system allows no network namespaces" };
    return;
  }
  for (const count of [2, 4]) {
    for (const rate of RATES) {
      await using hosts = await TwoHosts.open();
      if (rate) await hosts.limit(rate);
      const cable = rate ? `, ${rate / 1e9} Gbit/s` : "";
      const over = hosts.over(launcher, count / 2);
      yield await measure(`${count} processes, 2 hosts${cable}`, over, count, shape, rate);
    }
  }
}

async function measure(
  name: string,
  launcher: Launcher | undefined,
  count: number,
  shape: string,
  rate?: number,
): Promise<Result> {
  const out = await Deno.makeTempDir();
  try {
    const how = `--steps ${STEPS} --eval-every 1000 --eval-batches 1 --json --no-autotune`;
    const task = [Deno.execPath(), "run", "-A", TRAIN, "--data", DATA, "--out", `${out}/run`];
    const program = [...task, ...`${shape} ${how}`.split(" ")];
    const [command, ...args] = launcher
      ? [launcher.launcher, ...launcher.options, "-n", String(count), ...program]
      : program;
    const { success, stdout, stderr } = await new Deno.Command(command, {
      ...{ args, stdin: "null", stdout: "piped", stderr: "piped" },
      env: { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" },
    }).output();
    const decoder = new TextDecoder();
    if (!success) {
      return { name, skipped: decoder.decode(stderr).trim().split("\n")[0] };
    }
    return summarize(name, count, decoder.decode(stdout), rate);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

/**
 * What the events of a run of so many processes say of its steps but the first ones.
 *
 * @param rate Bits a second of the cable between two hosts with as many processes each: what it
 * takes at least is a sum over both, those of each host's own processes made before.
 */
export function summarize(name: string, count: number, output: string, rate?: number): Result {
  const events = output.split("\n").filter((line) => line.startsWith("{"))
    .map((line): TrainEvent => JSON.parse(line));
  const parameters = events.find(({ event }) => event === "start")!.parameters!;
  const steps = events.filter(({ event }) => event === "step");
  const seconds = steps.map((step, i) => step.seconds! - (steps[i - 1]?.seconds ?? 0));
  const waits = steps.map((step) => step.reduce_wait_ms ?? 0);
  return {
    name,
    "s a step": median(seconds.slice(FIRST_STEPS)),
    "s of wait": median(waits.slice(FIRST_STEPS)) / 1000,
    "MB each sends": bytesOfSum(parameters, count) / 1e6,
    ...rate === undefined ? {} : { "s of cable": bytesOfSum(parameters, 2) * 8 / rate },
  };
}

function isThere({ launcher }: Launcher): boolean {
  try {
    const args = ["--version"];
    return new Deno.Command(launcher, { args, stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
}
