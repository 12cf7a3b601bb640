/** Without this Mesa's Vulkan driver writes lines with `error:` in them, though nothing is amiss. */
const VARIABLE = "XDG_RUNTIME_DIR";

/** What it is meanwhile: a path at which nobody can have put a display server's socket. */
const NO_DIRECTORY = "/dev/null";

/**
 * Asks for an adapter; null if there is none. On Linux the user's runtime directory, where it is not
 * set, is for as long as the driver looks for it: no other code runs meanwhile. Where Deno was not
 * given the right to the environment, it stays as it is.
 */
export function requestAdapter(options: GPURequestAdapterOptions): Promise<GPUAdapter | null> {
  const isSet = globalThis.Deno?.build.os !== "linux" ||
    globalThis.Deno?.permissions.querySync({ name: "env", variable: VARIABLE }).state !==
      "granted" ||
    globalThis.Deno?.env.get(VARIABLE);
  if (!isSet) globalThis.Deno?.env.set(VARIABLE, NO_DIRECTORY);
  try {
    return navigator.gpu?.requestAdapter(options) ?? Promise.resolve(null);
  } finally {
    if (!isSet) globalThis.Deno?.env.delete(VARIABLE);
  }
}
