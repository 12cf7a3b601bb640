import { assertEquals } from "@std/assert";
import { type Arguments, parseArguments } from "../../src/cli/arguments.ts";
import { checkStartedAlike } from "../../src/cli/started_alike.ts";
import { TRAIN } from "../../src/cli/train_command.ts";
import { together } from "../comm/together.ts";

/** What two processes are told, the second one of which has other arguments, files or a step. */
async function told(
  other: { args?: string[]; sizes?: number[]; step?: number },
): Promise<string | undefined> {
  const hosts = ["node1", "node2"];
  const checks = together(2).map((member, rank) => {
    const { args = [], sizes = [10, 20], step } = rank === 0 ? {} : other;
    const options = parseArguments(["--steps", "9", "--batch", "4", ...args], TRAIN) as Arguments;
    const shards = sizes.map((size) => ({ name: `${rank}`, source: `/node${rank}`, size }));
    return checkStartedAlike({ ...member, hosts }, { options, shards, step });
  });
  const results = await Promise.allSettled(checks);
  const messages = results.map((result) =>
    result.status === "rejected" ? (result.reason as Error).message : undefined
  );
  assertEquals(messages[1], messages[0], "all end alike");
  return messages[0];
}

Deno.test("started alike: other paths and displays are no difference", async () => {
  const args = ["--data", "/mnt/b", "--out", "b", "--quiet", "--eval-task", "lambada=b.jsonl"];
  assertEquals(await told({ args }), undefined);
});

Deno.test("started alike: a process with other options, data or checkpoint is named", async () => {
  const who = "process 1 of 2 on node2";
  assertEquals(
    await told({ args: ["--accumulate", "2"] }),
    `${who} was started with other options than the first one`,
  );
  const elsewhere = `${who} has other data than the first one: its files differ in number or size`;
  assertEquals([await told({ sizes: [10] }), await told({ sizes: [10, 21] })], [
    elsewhere,
    elsewhere,
  ]);
  assertEquals(await told({ step: 3 }), `${who} goes on from another step than the first one`);
});
