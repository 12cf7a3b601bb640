/** The whole way from servers, through workers, to batches. */
import { assertEquals } from "@std/assert";
import { gzipSync } from "node:zlib";
import { findShards } from "../../src/data/files/sources.ts";
import { collectVocabulary, openTokenStream } from "../../src/data/token_stream.ts";
import { FileServer, serveFile } from "./file_server.ts";
import { frame, jsonl, tar, TempDir, texts } from "./fixtures.ts";

Deno.test("an archive on a server, whose connections drop, gives the batches of its files", async () => {
  const all = texts(600, 60);
  const files: [string, Uint8Array][] = [
    ["2005-06.jsonl.zst", frame(jsonl(all.slice(0, 200)))],
    ["2005-07.jsonl.gz", gzipSync(jsonl(all.slice(200, 400)))],
    ["2005-08.jsonl", new TextEncoder().encode(jsonl(all.slice(400)))],
  ];
  await using dir = new TempDir();
  for (const [name, content] of files) await dir.write(name, content);
  const archive = tar(...files.toReversed());
  let hasDropped = false;
  await using server = new FileServer((request) => {
    const reply = serveFile(request, archive);
    if (hasDropped || reply.body.length < 20_000) return reply;
    hasDropped = true;
    return { ...reply, cut: 20_000 };
  });

  const remote = await findShards([`${server.url}/owt2.tar`]);
  const { vocabulary, documentCount } = await collectVocabulary(remote);
  assertEquals(documentCount, 600);
  assertEquals(hasDropped, true);
  const read = async (data: Parameters<typeof findShards>[0]) => {
    const options = { context: 32, batch: 4, split: "training" as const, seed: 1 };
    await using stream = await openTokenStream({ data, vocabulary, ...options });
    const inputs: string[] = [];
    for (let i = 0; i < 400; i++) inputs.push((await stream.next()).inputs.join());
    return inputs;
  };
  assertEquals(await read(remote), await read([dir.path]));
});
