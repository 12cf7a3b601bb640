import { isUrl } from "../data/shard.ts";

/** Gives up the permission to use the network, for good, unless some of the data is on a server. */
export function limitNetwork(data: readonly string[]): void {
  if (!data.some(isUrl)) Deno.permissions.revokeSync({ name: "net" });
}
