import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Permutation } from "../../src/data/permutation.ts";

const order = (count: number, seed = 1, epoch = 0) => {
  const permutation = new Permutation(count, seed, epoch);
  return Array.from({ length: count }, (_, i) => permutation.at(i));
};

Deno.test("a permutation gives each number once, whatever their count", () => {
  for (const count of [1, 2, 3, 4, 5, 7, 16, 17, 100, 1023, 4096, 5000]) {
    const numbers = order(count);
    assertEquals(numbers.toSorted((a, b) => a - b), [...Array(count).keys()], `${count}`);
  }
});

Deno.test("a permutation depends on its seed and epoch alone", () => {
  const count = 300;
  assertEquals(order(count), order(count));
  const all = [[1, 0], [1, 1], [2, 0], [2, 1], [0, 2], [2 ** 40, 0]]
    .map(([seed, epoch]) => order(count, seed, epoch).join());
  assertEquals(new Set(all).size, all.length);
});

Deno.test("a permutation reaches numbers far above 2^32", () => {
  const count = 2 ** 45 + 12345;
  const permutation = new Permutation(count, 3, 0);
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
  // A small one too: over many seeds each number comes first about equally often.
  const first = Array(5).fill(0);
  for (let seed = 0; seed < 5000; seed++) first[new Permutation(5, seed, 0).at(0)]++;
  assert(first.every((times) => Math.abs(times - 1000) < 150), first.join());
});
