import { assertEquals, assertRejects } from "@std/assert";
import { ByteReader } from "../../../src/data/files/byte_reader.ts";
import { DataError } from "../../../src/data/files/data_error.ts";
import { tarMembers } from "../../../src/data/files/tar.ts";
import { UserError } from "../../../src/errors.ts";
import {
  checked,
  concat,
  oldSparseMember,
  sparseMember,
  tar,
  TAR_END,
  tarMember,
} from "../fixtures.ts";

/** The members of an archive, with their content. */
async function read(archive: Uint8Array): Promise<[path: string, content: string][]> {
  const chunks = async function* () {
    for (let at = 0; at < archive.length; at += 1000) yield await archive.slice(at, at + 1000);
  };
  const input = new ByteReader(chunks(), (at) => new DataError(`cut at ${at}`));
  const members: [string, string][] = [];
  for await (const { path, offset, size } of tarMembers(input, "a.tar")) {
    assertEquals(input.position, offset);
    const part = await input.read(Math.min(size, 2)); // the rest is skipped
    assertEquals(part, archive.slice(offset, offset + part.length));
    members.push([path, new TextDecoder().decode(archive.slice(offset, offset + size))]);
  }
  return members;
}

const long = "long/".repeat(60) + "name é.txt";

Deno.test("tarMembers finds files of any size, with long names too", async () => {
  const members: [string, string][] = [["a.txt", "x"], ["empty", ""], [long, "y".repeat(512)], [
    "b/c.txt",
    "z".repeat(1300),
  ]];
  assertEquals(await read(tar(...members)), members);
});

Deno.test("tarMembers leaves out directories, links and dots", async () => {
  const archive = concat(
    tarMember("b", "", "Directory"),
    tarMember("b/link", "", "SymbolicLink"),
    tarMember("././b/c", "content"),
    TAR_END,
  );
  assertEquals(await read(archive), [["b/c", "content"]]);
});

Deno.test("tarMembers tells of sparse files, of each format, and finds what is after them", async () => {
  const z = tarMember("z.jsonl", '"z"');
  const old = [0, 1, 3].map((blocks) => oldSparseMember("a.jsonl", blocks));
  for (const sparse of [sparseMember("a.jsonl"), ...old]) {
    const archive = concat(z, sparse, z, TAR_END);
    const input = new ByteReader(
      async function* () {
        yield await archive;
      }(),
      (at) => new DataError(`cut at ${at}`),
    );
    const members = await Array.fromAsync(tarMembers(input, "a.tar"));
    assertEquals(members.map(({ path, isSparse }) => [path, isSparse]), [
      ["z.jsonl", false],
      ["a.jsonl", true],
      ["z.jsonl", false],
    ]);
    const { offset, size } = members[2];
    assertEquals(new TextDecoder().decode(archive.subarray(offset, offset + size)), '"z"');
  }
});

Deno.test("tarMembers reads names as GNU tar writes them", async () => {
  const name = tarMember("././@LongLink", long + "\0");
  name[156] = "L".charCodeAt(0);
  const archive = concat(checked(name), tarMember("cut", "1"), tarMember("next", "2"), TAR_END);
  assertEquals(await read(archive), [[long, "1"], ["next", "2"]]);
});

Deno.test("tarMembers reads archives that were joined, to the last", async () => {
  const joined = concat(tar(["a", "1"]), new Uint8Array(5120), tar(["b", "2"]));
  assertEquals(await read(joined), [["a", "1"], ["b", "2"]]);
});

Deno.test("tarMembers tells where an archive is cut short or damaged", async () => {
  const archive = tar(["a", "x".repeat(1000)], ["b", "y".repeat(1000)]);
  const member = 512 + 1024;
  for (const length of [700, member + 100, member + 512, 2 * member - 1, 2 * member + 100]) {
    await assertRejects(() => read(archive.slice(0, length)), DataError, `cut at ${length}`);
  }
  const noEnd = archive.slice(0, member); // cut exactly after a member
  const message = `a.tar is cut short: it ends at byte ${member}, without the mark`;
  await assertRejects(() => read(noEnd), DataError, message);
  await assertRejects(() => read(new Uint8Array()), DataError, "ends at byte 0");

  const damaged = archive.with(member + 10, 255);
  await assertRejects(() => read(damaged), DataError, `a.tar is damaged: byte ${member} should`);
  const text = new TextEncoder().encode("<html>".repeat(100));
  await assertRejects(() => read(text), UserError, "a.tar is not a tar archive");
});
