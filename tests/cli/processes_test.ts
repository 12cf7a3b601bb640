import { assertEquals } from "@std/assert";
import { LAUNCH_VARIABLES } from "../../src/comm/launch.ts";
import { Arguments } from "../../src/cli/arguments.ts";
import { withProcesses } from "../../src/cli/processes.ts";

Deno.test({
  name: "processes: one alone gives the foreign functions up before anything else",
  permissions: { ffi: true, env: LAUNCH_VARIABLES },
  async fn() {
    const state = () => Deno.permissions.querySync({ name: "ffi" }).state;
    assertEquals(state(), "granted");
    const code = await withProcesses(new Arguments({}), (processes) => {
      assertEquals([processes, state()], [undefined, "prompt"]);
      return Promise.resolve(3);
    });
    assertEquals(code, 3);
  },
});
