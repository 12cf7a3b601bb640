import { assertEquals } from "@std/assert";
import { Agreed } from "../../src/train/agreed.ts";
import { together } from "../comm/together.ts";

Deno.test("agreed: all go by the first one's clock, and stop if anybody is asked to", async () => {
  let ms = 100;
  let isAborted = false;
  const all = together(2).map((communicator, rank) =>
    new Agreed({
      now: () => rank === 0 ? ms : 7,
      reserve: () => rank + 1,
      isAborted: () => rank === 1 && isAborted,
    }, communicator)
  );
  const update = () => Promise.all(all.map((one) => one.update()));
  const seen = () => all.map((one) => [one.now(), one.reserve(), one.isAborted()]);
  const times = () => all.map((one) => one.now());
  assertEquals(times(), [0, 0], "though the processes did not start at once");
  ms = 150;
  await update();
  assertEquals(seen(), [[50, 1, false], [50, 1, false]]);
  [ms, isAborted] = [200, true];
  assertEquals(seen(), [[50, 1, false], [50, 1, false]]);
  await update();
  assertEquals(seen(), [[100, 1, true], [100, 1, true]]);
});

Deno.test("agreed: one process alone sees what is so now", () => {
  let ms = 1;
  const alone = new Agreed({ now: () => ms++, reserve: () => 3, isAborted: () => ms > 3 });
  const first = alone.now();
  assertEquals([alone.now() - first, alone.reserve(), alone.isAborted()], [1, 3, true]);
});
