import { basename, dirname, resolve } from "@std/path";
import { ModelReader, type TextReader } from "../dashboard/model_reader.ts";
import { type Dashboard, runsRoot, serveDashboard } from "../dashboard/serve.ts";
import { UserError } from "../errors.ts";
import type { OpenGpuOptions } from "../gpu/gpu.ts";
import type { Display } from "./display.ts";

/**
 * Serves the page of a run, for this machine, and tells where: at the port that `dashboard` takes too,
 * or at another one if that is in use. What it needs of the network it needs now only.
 *
 * Texts are read on a device of their own: training goes on meanwhile, to the same losses.
 *
 * @param out The run's directory, which need not exist yet.
 */
export async function openTrainDashboard(
  out: string,
  device: OpenGpuOptions,
  display: Display,
): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const reader = opened.use(new ModelReader(device));
  const { address } = opened.use(serve([await rootToBe(resolve(out))], reader));
  display.tell("dashboard", { address }, `Shows the run at ${address}`);
  return opened.move();
}

function serve(roots: readonly string[], reader: TextReader): Dashboard {
  try {
    return serveDashboard({ roots, port: 6006, reader });
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "EXISTS") throw error;
    return serveDashboard({ roots, port: 0, reader });
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
