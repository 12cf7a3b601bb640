/**
 * A worker that prepares shards. Its first message is shared memory: where it counts the bytes that
 * it reads, and a number that is not 0 once it is to stop.
 */
import { prepareShard, type PrepareTask } from "./shard.ts";
import { serve } from "../threads/worker_server.ts";

serve((shared: BigInt64Array) => {
  const onRead = (bytes: number) => {
    Atomics.add(shared, 0, BigInt(bytes));
    if (Atomics.load(shared, 1) !== 0n) {
      throw new Error("stopped, as was asked or as another worker failed");
    }
  };
  return async (task: PrepareTask) => ({ result: await prepareShard(task, onRead) });
});
