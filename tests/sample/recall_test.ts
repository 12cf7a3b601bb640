import { assertEquals } from "@std/assert";
import { Plan } from "../../src/gpu/plan.ts";
import { recall } from "../../src/sample/recall.ts";
import { openTestGpu } from "../ops/helpers.ts";

const gpu = await openTestGpu();

for (
  const [sequences, capacity, length, first] of [
    [1, 1, 1, 0],
    [1, 8, 1, 7],
    [3, 8, 5, 0],
    [3, 8, 5, 6],
    [2, 150, 100, 149],
    [1, 3, 7, 2],
  ]
) {
  Deno.test(`recall: ${length} of ${capacity} tokens from ${first} on, ${sequences} times`, async () => {
    const known = Uint32Array.from({ length: sequences * capacity }, (_, i) => 1000 + i);
    const history = gpu.tensorFrom("history", [sequences, capacity], known);
    const cursor = gpu.tensorFrom("cursor", [4], Uint32Array.of(99, first, 99, 99));
    const tokens = gpu.tensor("tokens", [sequences * length], "u32");
    using plan = new Plan(gpu);
    recall(gpu, plan, { history, cursor, tokens, length });
    plan.run();
    const expected = Array.from({ length: sequences * length }, (_, i) => {
      const [sequence, t] = [Math.floor(i / length), i % length];
      return known[sequence * capacity + (first + t) % capacity];
    });
    assertEquals([...await gpu.readIntegers(tokens)], expected);
    gpu.free(history, cursor, tokens);
  });
}
