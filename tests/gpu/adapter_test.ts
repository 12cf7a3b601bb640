import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

const ADAPTER = new URL("../../src/gpu/adapter.ts", import.meta.url);
const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** Asks for an adapter twice, and says whether there was one and what the variable was then. */
const PROGRAM = `
import { requestAdapter } from "${ADAPTER}";
const ask = async () => {
  const asked = requestAdapter({});
  const { state } = Deno.permissions.querySync({ name: "env", variable: "XDG_RUNTIME_DIR" });
  const meanwhile = state === "granted" ? Deno.env.get("XDG_RUNTIME_DIR") ?? "unset" : state;
  return [await asked !== null, meanwhile].join();
};
console.log(await ask(), await ask());
`;

async function askWith(directory: string | undefined, permission: string) {
  const { XDG_RUNTIME_DIR: _, ...others } = Deno.env.toObject();
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, PROGRAM);
    const env = directory === undefined ? others : { ...others, XDG_RUNTIME_DIR: directory };
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-check", "--config", CONFIG, permission, file],
      ...{ env: { ...env, NO_COLOR: "1" }, clearEnv: true, stdin: "null" },
    }).output();
    const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { out, errors };
  } finally {
    await Deno.remove(file);
  }
}

Deno.test({
  name: "adapter: Mesa has nothing to say about a runtime directory, which stays as it was",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const allowed = "--allow-env";
    assertEquals(await askWith(undefined, allowed), {
      ...{ out: "true,unset true,unset\n", errors: "" },
    });
    assertEquals(await askWith("/tmp", allowed), { out: "true,/tmp true,/tmp\n", errors: "" });
    const { out } = await askWith(undefined, "--deny-env");
    assertEquals(out, "true,denied true,denied\n");
  },
});
