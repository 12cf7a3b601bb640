import { isRemote } from "../data/files/dataset_name.ts";
import { isOnHub } from "./checkpoint.ts";

/**
 * Gives up the permission to use the network, for good, unless some of the data, or the checkpoint,
 * is on a server.
 */
export function limitNetwork(data: readonly string[], checkpoint?: string): void {
  const isNeeded = data.some(isRemote) || checkpoint !== undefined && isOnHub(checkpoint);
  if (!isNeeded) Deno.permissions.revokeSync({ name: "net" });
}
