import { assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";
import { killAfter } from "./helpers.ts";

/**
 * Reports the exit code to come, time and again. The process interrupts itself after the first
 * report, once more while that is told of, as the echo of a key, and at last after five more
 * reports: how soon is a matter of its own timers' order, and not of the machine's speed.
 */
const PROGRAM = `
import { interruptSignal } from "${new URL("../../src/cli/interrupt.ts", import.meta.url)}";
const pressKey = () => Deno.kill(Deno.pid, "SIGINT");
const interrupt = interruptSignal(() => {
  console.log("interrupted");
  pressKey();
  const start = performance.now();
  while (performance.now() < start + Number(Deno.args[0])) {}
});
let reports = 0;
setInterval(() => {
  if (reports === 12) return; // a signal may be long on its way
  console.log(interrupt.exitCode, interrupt.signal.aborted);
  if (reports++ === 0 || interrupt.exitCode !== 0 && reports === 12) pressKey();
  if (interrupt.exitCode === 0) reports = 1;
}, 50);
`;

for (const heldUp of [0, 300]) {
  Deno.test({
    name:
      `the first Ctrl-C aborts, its echo is ignored, a later one exits; held up for ${heldUp} ms`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      const { code, stdout } = await new Deno.Command(Deno.execPath(), {
        ...{ args: ["eval", PROGRAM, String(heldUp)], stdin: "null" },
      }).output();
      const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
      assertEquals(lines[0], "0 false");
      assertEquals(lines.filter((line) => line === "interrupted").length, 1);
      assertEquals(lines.filter((line) => line === "130 true").length, 11);
      assertEquals(code, 130);
    },
  });
}

Deno.test({
  name: "a later Ctrl-C ends the process also while the event loop is held up",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const program = `
      import { interruptSignal } from "${new URL("../../src/cli/interrupt.ts", import.meta.url)}";
      interruptSignal(() => setTimeout(() => {
        console.log("held up");
        while (true);
      }, 300));
      setInterval(() => {}, 1000);
      console.log("ready");
    `;
    const child = new Deno.Command(Deno.execPath(), {
      ...{ args: ["eval", program], stdin: "null", stdout: "piped" },
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    using _ = killAfter(child, 120_000); // or it would never end
    for await (const _line of lines) child.kill("SIGINT");
    assertEquals((await child.status).code, 130);
  },
});
