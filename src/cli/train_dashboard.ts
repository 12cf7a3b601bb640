import { basename, dirname, resolve } from "@std/path";
import { type Dashboard, runsRoot, serveDashboard } from "../dashboard/serve.ts";
import { UserError } from "../errors.ts";
import type { Display } from "./display.ts";

/**
 * Serves the page of a run, for this machine, and tells where: at the port that `dashboard` takes too,
 * or at another one if that is in use. What it needs of the network it needs now only.
 *
 * @param out The run's directory, which need not exist yet.
 */
export async function openTrainDashboard(out: string, display: Display): Promise<Dashboard> {
  const roots = [await rootToBe(resolve(out))];
  const page = serve(roots);
  const { address } = page;
  display.tell("dashboard", { address }, `Shows the run at ${address}`);
  return page;
}

function serve(roots: readonly string[]): Dashboard {
  try {
    return serveDashboard({ roots, port: 6006 });
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "EXISTS") throw error;
    return serveDashboard({ roots, port: 0 });
  }
}

/** The path without links that a directory has, or will have once it is made. */
async function rootToBe(path: string): Promise<string> {
  try {
    return await runsRoot(path);
  } catch (error) {
    const isMissing = error instanceof UserError && error.code === "NOT_FOUND";
    if (!isMissing || dirname(path) === path) throw error;
    return resolve(await rootToBe(dirname(path)), basename(path));
  }
}
