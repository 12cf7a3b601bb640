import { assertEquals, assertRejects } from "@std/assert";
import { mapAhead, oneAhead } from "../../../src/data/tokenize/ahead.ts";

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Numbers from 0 on, with what has been taken and whether the generator was left. */
function numbers(count: number, fails = false) {
  const state = { taken: 0, isLeft: false };
  const items = async function* () {
    try {
      while (state.taken < count) yield await Promise.resolve(state.taken++);
      if (fails) throw new Error("no more");
    } finally {
      state.isLeft = true;
    }
  };
  return { state, items: items() };
}

Deno.test("oneAhead takes the next item before it is asked for", async () => {
  const { state, items } = numbers(10);
  const ahead = oneAhead(items);
  assertEquals(state.taken, 0);
  for (let i = 0; i < 5; i++) {
    assertEquals((await ahead.next()).value, i);
    await turn();
    assertEquals(state.taken, i + 2);
  }
  await ahead.return(undefined);
  assertEquals(state, { taken: 6, isLeft: true });
});

Deno.test("oneAhead ends and fails as its items do, after the last of them", async () => {
  assertEquals(await Array.fromAsync(oneAhead(numbers(3).items)), [0, 1, 2]);
  const { items } = numbers(2, true);
  const ahead = oneAhead(items);
  assertEquals((await ahead.next()).value, 0);
  assertEquals((await ahead.next()).value, 1);
  await turn();
  await assertRejects(() => ahead.next(), Error, "no more");
});

Deno.test("mapAhead keeps the order and bounds what is under way", async () => {
  const { state, items } = numbers(10);
  let underWay = 0, most = 0;
  const mapped = mapAhead(items, 3, () => 1, async (n) => {
    most = Math.max(most, ++underWay);
    for (let i = n; i < 10; i++) await turn(); // the first take longest
    underWay--;
    return n;
  });
  assertEquals((await mapped.next()).value, 0);
  assertEquals(state.taken, 4); // one waits for its turn
  assertEquals(await Array.fromAsync(mapped), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assertEquals(most, 3);
});

Deno.test("mapAhead has less under way of what is heavy, but always something", async () => {
  let underWay = 0;
  const mapped = mapAhead(numbers(7).items, 4, (n) => n < 4 ? 1 : 10, async (n) => {
    const before = underWay++;
    for (let i = n; i < 10; i++) await turn();
    underWay--;
    return before;
  });
  assertEquals(await Array.fromAsync(mapped), [0, 1, 2, 3, 0, 0, 0]);
});

Deno.test("mapAhead fails when a failed item's turn has come", async () => {
  const mapped = mapAhead(numbers(10).items, 4, () => 1, (n) => {
    return n === 1 ? Promise.reject(new Error("one")) : Promise.resolve(n);
  });
  assertEquals((await mapped.next()).value, 0);
  await turn();
  await assertRejects(() => mapped.next(), Error, "one");
});
