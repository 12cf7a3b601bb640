import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { Interruption, Retries } from "../../src/http/retries.ts";

const OPTIONS = { tries: 2, delay: 1, patience: 1000 };
const lost = new Interruption("lost");

Deno.test("less than 1 kB a second counts as a failure, once patience is at its end", async () => {
  const retries = new Retries("a file", OPTIONS);
  for (let i = 0; i < 10; i++) retries.received(600, 999); // 1200 bytes each two times
  retries.received(500, 900);
  retries.received(499, 99);
  const slow = assertThrows(() => retries.received(0, 1), Interruption);
  assertEquals(slow.message, "the server sent only 999 bytes in 1 s");
  await retries.wait(slow, 999);
  retries.received(1, 999); // anew
  const again = assertThrows(() => retries.received(1, 1), Interruption);
  const error = await assertRejects(() => retries.wait(again, 1001), UserError);
  assertEquals(
    error.message,
    "a file: gave up at byte 1001 after 2 tries: the server sent only 2 bytes in 1 s",
  );
});

Deno.test("failures are forgotten once enough came, over however many connections", async () => {
  const retries = new Retries("a file", OPTIONS);
  for (let i = 0; i < 5; i++) {
    await retries.wait(lost, 0);
    retries.received(1000, 1);
  }
  retries.received(999, 1);
  await retries.wait(lost, 0);
  retries.received(1, 1); // 1000 in all
  await retries.wait(lost, 0);
  retries.received(999, 1);
  await assertRejects(() => retries.wait(lost, 0), UserError, "after 2 tries: lost");
});
