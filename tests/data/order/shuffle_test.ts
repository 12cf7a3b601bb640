import { assertEquals } from "@std/assert";
import { shuffleDocuments } from "../../../src/data/order/shuffle.ts";

const END = 9;

function shuffled(ids: number[], ...key: number[]): number[] {
  const block = Uint16Array.from(ids);
  shuffleDocuments(block, END, ...key);
  return [...block];
}

Deno.test("whole documents change places, what is cut at either end stays", () => {
  const documents = [[1, 1, END], [END], [2, END], [3, 3, 3, END]];
  const orders = new Set<string>();
  for (let key = 0; key < 300; key++) {
    const [first, last] = [[7, 7, END], [8, 8]];
    const ids = shuffled([...first, ...documents.flat(), ...last], key);
    assertEquals(ids.slice(0, 3), first);
    assertEquals(ids.slice(-2), last);
    const middle = ids.slice(3, -2).join("").split(`${END}`).slice(0, -1);
    assertEquals(middle.toSorted(), ["", "11", "2", "333"]);
    orders.add(middle.join());
  }
  assertEquals(orders.size, 24); // each order of 4
  assertEquals(
    shuffled([7, END, 1, END, 2, END, 3, END], 5),
    shuffled([7, END, 1, END, 2, END, 3, END], 5),
  );
});

Deno.test("a block that is one document, or the parts of two, stays as it is", () => {
  for (const ids of [[1, 2, 3], [1, 2, END], [1, END, 2], [END], [END, 1, 2], [1, END, 2, END]]) {
    for (let key = 0; key < 10; key++) assertEquals(shuffled(ids, key), ids);
  }
});
