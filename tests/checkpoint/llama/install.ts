import { fromFileUrl } from "@std/path";

/** With the programs for processors only: those for GPUs have 600 MB. */
const PACKAGES = ["node-llama-cpp@3.22.1", "@node-llama-cpp/linux-x64@3.22.1"];

/** Kept from one run of the tests to the next, and ignored by git. */
const DIRECTORY = fromFileUrl(new URL("../../../.deno/llama", import.meta.url));

/**
 * Installs node-llama-cpp by npm, unless it is there.
 *
 * @returns Its entry, or why it cannot be had here.
 */
export async function installLlama(): Promise<{ entry: string } | { missing: string }> {
  const { os, arch } = Deno.build;
  if (os !== "linux" || arch !== "x86_64") return { missing: `not fetched for ${os} ${arch}` };
  const entry = `${DIRECTORY}/node_modules/node-llama-cpp/dist/index.js`;
  try {
    await Deno.stat(`${DIRECTORY}/whole`);
    return { entry: `file://${entry}` };
  } catch {
    // It is to be installed.
  }
  try {
    await Deno.mkdir(DIRECTORY, { recursive: true });
    const options = ["--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"];
    const { success, stderr } = await new Deno.Command("npm", {
      args: ["install", "--prefix", DIRECTORY, ...options, ...PACKAGES],
      cwd: DIRECTORY,
    }).output();
    if (!success) return { missing: new TextDecoder().decode(stderr).trim().split("\n")[0] };
    await Deno.writeTextFile(`${DIRECTORY}/whole`, "");
    return { entry: `file://${entry}` };
  } catch {
    return { missing: "there is no npm" };
  }
}
