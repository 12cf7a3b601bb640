/**
 * Gives up the permission to write, for good, but for some files and directories and what is in
 * them. The task must have it for `/`: Deno narrows what was granted for a path, but not what was
 * granted for everything.
 */
export function limitWriting(...paths: string[]): void {
  for (const path of paths) Deno.permissions.requestSync({ name: "write", path });
  Deno.permissions.revokeSync({ name: "write", path: "/" });
}
