import { assertEquals } from "@std/assert";

Deno.test("what cannot be shown is told of once, and stops nothing", async () => {
  const program = `
    import { show } from "${new URL("../../src/cli/terminal.ts", import.meta.url)}";
    const fail = () => { throw new Error("No space left on device (os error 28)") };
    show(fail);
    show(() => console.log("some of it"));
    show(fail);
    console.log("all of it");
  `;
  const output = await new Deno.Command(Deno.execPath(), {
    ...{ args: ["eval", program], stdin: "null", env: { NO_COLOR: "1" } },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(
    text(output.stderr),
    "standard output cannot be written (No space left on device (os error 28)): " +
      "goes on without it\n",
  );
  assertEquals(text(output.stdout), "some of it\nall of it\n");
  assertEquals(output.code, 0);
});
