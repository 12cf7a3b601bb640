import { dirname, fromFileUrl } from "@std/path";
import { CONFIG, type Outcome } from "./helpers.ts";

/** An MPI that tests run under, by the launcher that Debian has of it. */
export interface Mpi {
  name: string;
  launcher: string;
  options: string[];
}

const KNOWN: Mpi[] = [
  { name: "Open MPI", launcher: "mpirun.openmpi", options: ["--oversubscribe"] },
  { name: "MPICH", launcher: "mpirun.mpich", options: [] },
];

/** Those that are installed here. */
export const INSTALLED = KNOWN.filter(({ launcher }) => {
  try {
    return new Deno.Command(launcher, { args: ["--version"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
});

/** Tells of the tests that are left out since an MPI is not installed. */
for (const { name, launcher } of KNOWN.filter((mpi) => !INSTALLED.includes(mpi))) {
  Deno.test({ name: `mpi: under ${name} (there is no ${launcher})`, ignore: true, fn() {} });
}

/** `./run`, by which users start it. */
export const RUN = [fromFileUrl(new URL("../../run", import.meta.url))];
const TASK = [Deno.execPath(), "task", "--quiet", "--config", CONFIG];

const ENV = {
  NO_COLOR: "1",
  LP_NUM_THREADS: "1", // of the software driver, in each process
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
};

/**
 * Starts `deno task train` in so many processes.
 *
 * @param options Where, what runs the task, and what a shell does in each process to start it.
 */
export function startTraining(
  { launcher, options }: Mpi,
  processes: number,
  args: string[],
  { cwd, program = TASK, script = 'exec "$@"', env = {} }: {
    cwd: string;
    program?: string[];
    script?: string;
    env?: Record<string, string>;
  },
): Deno.ChildProcess {
  const path = `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`;
  return new Deno.Command(launcher, {
    args: [
      ...[...options, "-n", String(processes), "sh", "-c", script, "sh"],
      ...[...program, "train", ...args],
    ],
    ...{ cwd, stdin: "null", stdout: "piped", stderr: "piped" },
    env: { ...ENV, PATH: path, INIT_CWD: cwd, ...env },
  }).spawn();
}

/** Runs it to its end. */
export async function train(...all: Parameters<typeof startTraining>): Promise<Outcome> {
  const { code, stdout, stderr } = await startTraining(...all).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The id of the process of a rank that trains to a directory, as the system tells. */
export async function processOf(rank: number, out: string): Promise<number> {
  const read = (path: string) => Deno.readTextFile(path).catch(() => ""); // it may be gone by now
  const variable = new RegExp(`\0(PMI_RANK|OMPI_COMM_WORLD_RANK)=${rank}\0`);
  for await (const { name } of Deno.readDir("/proc")) {
    const words = (await read(`/proc/${name}/cmdline`)).split("\0");
    if (!words.includes("-P=train") || !words.includes(out)) continue;
    if (variable.test(await read(`/proc/${name}/environ`))) return Number(name);
  }
  throw new Error(`process ${rank} is not there`);
}
