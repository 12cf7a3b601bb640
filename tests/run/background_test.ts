import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Background } from "../../src/run/background.ts";

Deno.test("work goes on behind the caller's back, one piece at a time", async () => {
  const log: string[] = [];
  const piece = (name: string) => async () => {
    log.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    log.push(`${name} ends`);
  };
  {
    await using background = new Background();
    await background.start(piece("first"));
    log.push("meanwhile");
    await background.start(piece("second"));
    await background.idle();
    await background.start(piece("third"));
  }
  assertEquals(log, [
    ...["first begins", "meanwhile", "first ends", "second begins", "second ends"],
    ...["third begins", "third ends"],
  ]);
});

Deno.test("its errors come to light, once", async () => {
  const fail = () => Promise.reject(new Error("disk full"));
  await using background = new Background();
  await background.start(fail);
  await assertRejects(() => background.idle(), Error, "disk full");
  await background.idle();
  await background.start(fail);
  await Promise.resolve();
  assertThrows(() => background.check(), Error, "disk full");
  background.check();
  await background.start(fail);
  await assertRejects(() => background.start(fail), Error, "disk full");
});
