import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

Deno.test("publish: the package passes a registry's checks, without slow types", async () => {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty", "--no-check"], // types are checked elsewhere
    cwd: fromFileUrl(new URL("..", import.meta.url)),
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stderr);
  assertEquals(success, true, text);
  assertEquals(text.match(/^(warning|error).*/gm), null, text);
});
