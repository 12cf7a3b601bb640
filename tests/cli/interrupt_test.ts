import { assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";

/** Reports the exit code to come every 50 ms, until a signal ends it; the first one holds it up. */
const PROGRAM = `
import { interruptSignal } from "${new URL("../../src/cli/interrupt.ts", import.meta.url)}";
const interrupt = interruptSignal(() => {
  console.log("interrupted");
  const start = performance.now();
  while (performance.now() < start + Number(Deno.args[0])) {}
});
setInterval(() => console.log(interrupt.exitCode, interrupt.signal.aborted), 50);
`;

/** Holds up everything, so that nothing else makes it longer. */
function pause(ms: number): void {
  const start = performance.now();
  while (performance.now() < start + ms);
}

for (const heldUp of [0, 300]) {
  Deno.test({
    name:
      `the first Ctrl-C aborts, its echo is ignored, a later one exits; held up for ${heldUp} ms`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      const child = new Deno.Command(Deno.execPath(), {
        ...{ args: ["eval", PROGRAM, String(heldUp)], stdin: "null", stdout: "piped" },
      }).spawn();
      const lines: string[] = [];
      const reader = child.stdout.pipeThrough(new TextDecoderStream())
        .pipeThrough(new TextLineStream());
      let reports = 0; // since the first Ctrl-C
      for await (const line of reader) {
        lines.push(line);
        if (lines.length === 1) {
          child.kill("SIGINT");
          pause(5);
          child.kill("SIGINT");
        }
        if (line === "130 true") reports++;
        if (reports === 5) child.kill("SIGINT"); // some 250 ms later
        if (reports === 40) child.kill("SIGKILL");
      }
      assertEquals(lines[0], "0 false");
      assertEquals(lines.filter((line) => line === "interrupted").length, 1);
      assertEquals(reports >= 5 && reports < 20, true, `exits after ${reports} reports`);
      assertEquals((await child.status).code, 130);
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
        const start = performance.now();
        while (performance.now() < start + 10_000) {}
      }, 300));
      setTimeout(() => {}, 10_000);
      console.log("ready");
    `;
    const child = new Deno.Command(Deno.execPath(), {
      ...{ args: ["eval", program], stdin: "null", stdout: "piped" },
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    let heldUpAt = 0;
    for await (const line of lines) {
      if (line === "held up") heldUpAt = performance.now();
      child.kill("SIGINT");
    }
    assertEquals((await child.status).code, 130);
    const took = performance.now() - heldUpAt;
    assertEquals(took < 5000, true, `took ${took} ms`);
  },
});
