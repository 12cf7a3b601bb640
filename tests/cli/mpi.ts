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

const ENV = {
  NO_COLOR: "1",
  LP_NUM_THREADS: "1", // of the software driver, in each process
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
};

/**
 * Starts `deno task train` in so many processes.
 *
 * @param options Where, and what a shell does in each process to start it.
 */
export function startTraining(
  { launcher, options }: Mpi,
  processes: number,
  args: string[],
  { cwd, script = 'exec "$@"', env = {} }: {
    cwd: string;
    script?: string;
    env?: Record<string, string>;
  },
): Deno.ChildProcess {
  const task = ["task", "--quiet", "--config", CONFIG, "train", ...args];
  return new Deno.Command(launcher, {
    args: [
      ...[...options, "-n", String(processes), "sh", "-c", script, "sh"],
      ...[Deno.execPath(), ...task],
    ],
    ...{ cwd, stdin: "null", stdout: "piped", stderr: "piped" },
    env: { ...ENV, INIT_CWD: cwd, ...env },
  }).spawn();
}

/** Runs it to its end. */
export async function train(...all: Parameters<typeof startTraining>): Promise<Outcome> {
  const { code, stdout, stderr } = await startTraining(...all).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
