import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Permutation } from "../../../src/data/order/permutation.ts";

const order = (count: number, ...key: (number | string)[]) => [...new Permutation(count, ...key)];

Deno.test("a permutation gives each number once, whatever their count", () => {
  for (const count of [0, 1, 2, 3, 4, 5, 7, 16, 17, 100, 1023, 4096, 5000]) {
    const numbers = order(count);
    assertEquals(numbers.toSorted((a, b) => a - b), [...Array(count).keys()], `${count}`);
  }
});

Deno.test("a permutation depends on its key alone", () => {
  const count = 300;
  assertEquals(order(count, 1, 0), order(count, 1, 0));
  const all = [[1, 0], [1, 1], [2, 0], [2, 1], [0, 2], [2 ** 40, 0], [1], [10], [1, 0, 0], [1, "x"]]
    .map((key) => order(count, ...key).join());
  assertEquals(new Set(all).size, all.length);
});

Deno.test("a permutation reaches numbers far above 2^32", () => {
  const count = 2 ** 45 + 12345;
  const permutation = new Permutation(count, 3);
  const numbers = Array.from({ length: 2000 }, (_, i) => permutation.at(count - 1 - i));
  assert(numbers.every((number) => Number.isInteger(number) && number >= 0 && number < count));
  assertEquals(new Set(numbers).size, 2000);
  const mean = numbers.reduce((sum, number) => sum + number / count, 0) / 2000;
  assert(Math.abs(mean - 0.5) < 0.03, `the mean is ${mean}`);
});

Deno.test("a permutation looks random", () => {
  const count = 10_000;
  const numbers = order(count);
  assertNotEquals(numbers, numbers.toSorted((a, b) => a - b));
  // Each tenth of the places holds about a tenth of each tenth of the numbers: chi-square of 81
  // degrees of freedom, below 140 but for 5 in 100,000.
  const cells = Array(100).fill(0);
  numbers.forEach((number, at) => cells[10 * Math.floor(at / 1000) + Math.floor(number / 1000)]++);
  const chiSquare = cells.reduce((sum, cell) => sum + (cell - 100) ** 2 / 100, 0);
  assert(chiSquare < 140, `chi-square ${chiSquare}`);
  const neighbours = numbers.filter((number, at) => number + 1 === numbers[at + 1]).length;
  assert(neighbours < 10, `${neighbours} pairs of neighbours stayed together`);
});

Deno.test("each number comes to each place equally often", () => {
  const draws = 8000;
  for (const count of [2, 3, 4, 7]) {
    const times = new Uint32Array(count * count);
    for (let seed = 0; seed < draws; seed++) {
      [...new Permutation(count, seed)].forEach((number, at) => times[count * number + at]++);
    }
    const deviation = Math.sqrt(draws * (count - 1) / count ** 2);
    assert(times.every((n) => Math.abs(n - draws / count) < 5 * deviation), `${times}`);
  }
});
