import { isUrl } from "../data/files/shard.ts";
import { isOnHub } from "./checkpoint.ts";

/**
 * Gives up the permission to use the network, for good, unless some of the data, or the checkpoint,
 * is on a server.
 */
export function limitNetwork(data: readonly string[], checkpoint?: string): void {
  const isRemote = data.some(isUrl) || checkpoint !== undefined && isOnHub(checkpoint);
  if (!isRemote) Deno.permissions.revokeSync({ name: "net" });
}
