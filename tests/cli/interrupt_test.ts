import { assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";

/** Reports the exit code to come every 50 ms, until a signal ends it. */
const PROGRAM = `
import { interruptSignal } from "${new URL("../../src/cli/interrupt.ts", import.meta.url)}";
const interrupt = interruptSignal(() => console.log("interrupted"));
setInterval(() => console.log(interrupt.exitCode, interrupt.signal.aborted), 50);
`;

Deno.test({
  name: "the first Ctrl-C aborts, its echo is ignored, a later one exits",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const child = new Deno.Command(Deno.execPath(), {
      ...{ args: ["eval", PROGRAM], stdin: "null", stdout: "piped" },
    }).spawn();
    const lines: string[] = [];
    const reader = child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of reader) {
      lines.push(line);
      if (lines.length === 1) {
        child.kill("SIGINT");
        child.kill("SIGINT");
      }
      if (lines.length === 5) child.kill("SIGINT"); // 200 ms later: still the same Ctrl-C
      if (lines.length === 30) child.kill("SIGINT");
      if (lines.length === 60) child.kill("SIGKILL");
    }
    assertEquals(lines[0], "0 false");
    assertEquals(lines.filter((line) => line === "interrupted").length, 1);
    assertEquals(lines.at(-1), "130 true");
    assertEquals(lines.length >= 30 && lines.length < 60, true);
    assertEquals((await child.status).code, 130);
  },
});
