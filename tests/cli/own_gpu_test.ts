import { assertEquals } from "@std/assert";
import { chooseOwnGpu, sharedGpus } from "../../src/cli/own_gpu.ts";

Deno.test("own GPU: processes that may share one are named, unless the user chose", () => {
  const gpu = { host: "node7", adapter: "GPU 9", choice: [] };
  assertEquals(
    sharedGpus([gpu, { ...gpu, host: "node8" }, gpu, { ...gpu, adapter: "GPU 8" }]),
    [
      "Processes 0, 2 on node7 each found GPU 9: they share it, and are slow, unless there are as " +
      "many of its kind (docs/many.md says how to choose).",
    ],
  );
  assertEquals(sharedGpus([gpu, { ...gpu, choice: ["1002:744c"] }]), []);
});

Deno.test({
  name: "own GPU: a process but the first of its host asks for another one, unless the user has",
  permissions: { env: ["MESA_VK_DEVICE_SELECT", "DRI_PRIME"] },
  fn() {
    const chosen = (localRank: number) => [chooseOwnGpu(localRank), Deno.env.get("DRI_PRIME")];
    try {
      Deno.env.set("MESA_VK_DEVICE_SELECT", "1002:744c");
      assertEquals(chosen(2), [["1002:744c"], undefined]);
      Deno.env.delete("MESA_VK_DEVICE_SELECT");
      assertEquals(chosen(0), [[], undefined]);
      assertEquals(chosen(2), [[], "2"]);
    } finally {
      Deno.env.delete("MESA_VK_DEVICE_SELECT");
      Deno.env.delete("DRI_PRIME");
    }
  },
});
