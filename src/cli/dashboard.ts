/** `deno task dashboard`: a page on runs, as they go on. */
import { UsageError } from "../errors.ts";
import { runsRoot, serveDashboard } from "../dashboard/serve.ts";
import { ModelReader } from "../dashboard/model_reader.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { DEVICE, deviceOption } from "./device.ts";
import { main, type Start } from "./main.ts";
import { printLine } from "./terminal.ts";

const COMMAND: CommandSpec = {
  name: "dashboard",
  summary: "Shows runs in a browser, as they go on: curves, samples, options,\n" +
    "comparisons, and what a checkpoint makes of a text.\n" +
    "Only reads, and only below the directories given. Ctrl-C ends it.",
  options: {
    runs: {
      value: "DIR",
      help: "a run's directory, or one with runs below it; several may follow (default runs/)",
      repeatable: true,
      elsewhere: ["logdir"],
    },
    port: { value: "N", help: "where to serve; 0 for any that is free (default 6006)" },
    host: {
      value: "NAME",
      help: "for other machines, e.g. 0.0.0.0; the address then has a token (default 127.0.0.1)",
      elsewhere: ["bind-all"],
    },
    device: DEVICE,
  },
  positional: "runs",
  examples: ["", "--runs /shared/owt2 runs/ --port 7000"],
};

async function dashboard(options: Arguments): Promise<void> {
  const given = options.list("runs");
  const port = options.integer("port", { min: 0 }) ?? 6006;
  if (port > 65535) throw new UsageError(`--port must be at most 65535, not ${port}`);
  const runs = given.length > 0 ? given : ["runs"];
  const roots: string[] = [];
  for (const path of runs) roots.push(await runsRoot(path));
  await using reader = new ModelReader(deviceOption(options));
  await using page = serveDashboard({
    ...{ roots, host: options.text("host"), port },
    reader,
  });
  Deno.permissions.revokeSync({ name: "net" }); // it listens, and has no use for more
  limitReading(roots);
  printLine(`Shows ${runs.join(", ")} at ${page.address}`);
  await page.finished;
}

/** Gives up the permission to read, for good, but for these directories and what is in them. */
function limitReading(paths: readonly string[]): void {
  for (const path of paths) Deno.permissions.requestSync({ name: "read", path });
  Deno.permissions.revokeSync({ name: "read", path: "/" });
}

/** Runs the command. */
export const start: Start = (args) => main(COMMAND, dashboard, { args });

if (import.meta.main) await start();
