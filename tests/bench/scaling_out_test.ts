import { assertEquals } from "@std/assert";
import { summarize } from "../../bench/scaling_out.ts";

Deno.test("scaling out: the median of all steps but the first four, and what they sum", () => {
  const step = (seconds: number, wait: number) => ({
    ...{ event: "step", seconds, reduce_wait_ms: wait },
  });
  const steps = [step(9, 99), step(18, 99), step(27, 99), step(36, 99), step(37, 300)];
  const events = [{ event: "start", parameters: 1e6 }, ...steps, step(39, 500), step(42, 400)];
  const output = events.map((event) => JSON.stringify(event)).join("\n") + "\nNoted.\n";
  assertEquals(summarize("two", 2, output), {
    ...{ name: "two", "s a step": 2, "s of wait": 0.4, "MB each sends": 4 },
  });
  const { "s of cable": atLeast } = summarize("two", 4, output, 1e6);
  assertEquals(atLeast, 32); // 4 MB each way
});
