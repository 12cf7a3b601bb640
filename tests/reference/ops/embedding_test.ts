import { assertEquals } from "@std/assert";
import { Random } from "../../../src/random.ts";
import { randomArray } from "../random.ts";
import { assertIsGradient, dot } from "./check_backward.ts";
import * as embedding from "./embedding.ts";

Deno.test("embedding: token plus position, positions starting again in each sequence", () => {
  const wte = Float64Array.of(1, 2, 3);
  const wpe = Float64Array.of(10, 20);
  const sizes = { B: 2, T: 2, C: 1, V: 3, context: 2 };
  assertEquals(
    embedding.forward([2, 0, 1, 1], wte, wpe, sizes),
    Float64Array.of(13, 21, 12, 22),
  );
});

Deno.test("embedding: backward is the derivative of forward", () => {
  // A token that repeats, tokens that never occur, and fewer tokens than positions.
  const sizes = { B: 2, T: 3, C: 5, V: 7, context: 4 };
  const tokens = [6, 2, 6, 0, 2, 6];
  const random = new Random(4);
  const wte = randomArray(random, sizes.V * sizes.C);
  const wpe = randomArray(random, sizes.context * sizes.C);
  const dx = randomArray(random, sizes.B * sizes.T * sizes.C);
  const f = () => dot(dx, embedding.forward(tokens, wte, wpe, sizes));

  const { dwte, dwpe } = embedding.backward(dx, tokens, sizes);
  assertIsGradient(dwte, f, wte);
  assertIsGradient(dwpe, f, wpe);
});
