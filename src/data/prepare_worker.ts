/** A worker that prepares shards: its first message is where it counts the bytes that it reads. */
/// <reference lib="deno.worker" />
import { prepareShard, type PrepareTask } from "./prepare_shard.ts";
import { serve } from "./worker_server.ts";

serve((counter: BigInt64Array) => {
  const onRead = (bytes: number) => Atomics.add(counter, 0, BigInt(bytes));
  return async (task: PrepareTask) => ({ result: await prepareShard(task, onRead) });
});
