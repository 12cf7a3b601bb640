import { assertEquals } from "@std/assert";
import { Lifelines } from "../../src/comm/lifelines.ts";
import { together } from "./together.ts";

Deno.test("lifelines: all are told who has ended, and nobody of an ordinary end", async () => {
  const ended = [0, 1, 2, 3].map(() => Promise.withResolvers<number>());
  let told = 0;
  const lines = await Promise.all(
    together(4).map((member, rank) =>
      Lifelines.open({
        rank,
        broadcast: (bytes) => member.broadcast(bytes, 0),
        barrier: () => member.barrier(),
        onEnd(other) {
          told++;
          ended[rank].resolve(other);
        },
      })
    ),
  );
  assertEquals(lines.map(({ watched }) => watched.toSorted()), [[1, 2, 3], [0], [0], [0]]);
  lines[2][Symbol.dispose](); // as the system does when a process ends
  assertEquals(await Promise.all([0, 1, 3].map((rank) => ended[rank].promise)), [2, 2, 2]);
  for (const line of lines) line[Symbol.dispose]();
  assertEquals(told, 3);
});

Deno.test({
  name: "lifelines: without the permission there are none",
  permissions: { net: false },
  async fn() {
    const lines = await Promise.all(
      together(2).map((member, rank) =>
        Lifelines.open({
          rank,
          broadcast: (bytes) => member.broadcast(bytes, 0),
          barrier: () => member.barrier(),
          onEnd: () => {},
        })
      ),
    );
    assertEquals(lines.map(({ watched }) => watched), [[], []]);
  },
});
