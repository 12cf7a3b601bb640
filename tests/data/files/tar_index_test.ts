import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { DataError } from "../../../src/data/files/data_error.ts";
import { type Shard } from "../../../src/data/files/shard.ts";
import { indexTar } from "../../../src/data/files/tar_index.ts";
import { UserError } from "../../../src/errors.ts";
import {
  checked,
  concat,
  oldSparseMember,
  sparseMember,
  tar,
  TAR_END,
  tarMember,
  TempDir,
} from "../fixtures.ts";

const describe = ({ name, offset, size }: Shard) => [name.replace(/^.*a\.tar/, ""), offset, size];

async function index(
  archive: Uint8Array,
  skipBad = false,
): Promise<{ found: unknown[]; bad: number }> {
  await using dir = new TempDir();
  const source = await dir.write("a.tar", archive);
  let bad = 0;
  const shard = { name: source, source, size: archive.length };
  const shards = await indexTar(shard, { skipBad, onBad: () => bad++ });
  return { found: shards.map(describe), bad };
}

Deno.test("indexTar gives the data files of an archive, not the rest", async () => {
  const archive = tar(
    ["b.jsonl", "x"],
    ["README.md", "y"],
    ["._b.jsonl", "z"],
    ["c/.d.jsonl", "z"],
    ["c/a.jsonl.zst", "12"],
    ["e.tar", "z"],
    ["f.bin", "z"],
    ["g.txt.gz", ""],
  );
  const { found } = await index(archive);
  assertEquals(found, [["/b.jsonl", 512, 1], ["/c/a.jsonl.zst", 4608, 2], ["/g.txt.gz", 7680, 0]]);
  const none = async (name: string) =>
    (await assertRejects(() => index(tar([name, "x"])), UserError)).message;
  const message =
    /^no \.jsonl\.zst, \.jsonl\.gz, \.jsonl, \.txt\.zst, \.txt\.gz, \.txt file in the archive .*a\.tar$/;
  assertMatch(await none("a.md"), message);
  for (const name of ["a.bin", "b/c.tar"]) {
    const [found, why] = (await none(name)).split(" (");
    assertMatch(found, message);
    assertEquals(why, ".parquet, .tar and .bin files are not looked for in archives: unpack it)");
  }
});

Deno.test("indexTar takes the last of members with one name, as when unpacking", async () => {
  const { found } = await index(tar(["a.jsonl", "old"], ["b.jsonl", "b"], ["./a.jsonl", "newer"]));
  assertEquals(found, [["/a.jsonl", 2560, 5], ["/b.jsonl", 1536, 1]]);
});

Deno.test("indexTar reads headers alone, however large the files are", async () => {
  await using dir = new TempDir();
  const source = `${dir.path}/a.tar`;
  const size = 6e9; // mostly a hole
  const first = tarMember("big.jsonl", "").slice();
  const text = size.toString(8).padStart(11, "0");
  first.set(new TextEncoder().encode(text), 124);
  using file = await Deno.open(source, { write: true, create: true });
  const next = 512 + Math.ceil(size / 512) * 512;
  await file.write(checked(first));
  await file.seek(next, Deno.SeekMode.Start);
  await file.write(concat(tarMember("small.jsonl", "x"), TAR_END));
  const { size: length } = await file.stat();
  const shards = await indexTar({ name: source, source, size: length });
  assertEquals(shards.map(describe), [["/big.jsonl", 512, size], ["/small.jsonl", next + 512, 1]]);
});

Deno.test("indexTar tells of an archive that is cut short, or takes what is there", async () => {
  const archive = tar(["a.jsonl", "x".repeat(1000)], ["b.jsonl", "y".repeat(1000)]);
  const member = 512 + 1024;
  // Within a member, which tells of it when it is read.
  const within = archive.slice(0, member + 600);
  await assertRejects(() => index(within), DataError, `it ends at byte ${member + 600}, inside`);
  assertEquals(await index(within, true), {
    found: [["/a.jsonl", 512, 1000], ["/b.jsonl", member + 512, 1000]],
    bad: 0,
  });
  // After a member, and within a header.
  for (const length of [member, member + 100]) {
    const cut = archive.slice(0, length);
    await assertRejects(
      () => index(cut),
      DataError,
      `a.tar is cut short: it ends at byte ${length}`,
    );
    assertEquals(await index(cut, true), { found: [["/a.jsonl", 512, 1000]], bad: 1 });
  }
});

Deno.test("indexTar refuses a sparse data file by name, or leaves out that one", async () => {
  const one = tarMember("b.jsonl", "x");
  const disk = concat(sparseMember("disk.img"), oldSparseMember(".hidden.txt", 0));
  for (const sparse of [sparseMember("a.jsonl"), oldSparseMember("a.jsonl", 2)]) {
    const archive = concat(tarMember("a.jsonl", "old"), disk, sparse, one, TAR_END);
    await assertRejects(() => index(archive), DataError, "a.tar/a.jsonl is a sparse file");
    const { found, bad } = await index(archive, true);
    assertEquals(found, [["/b.jsonl", archive.length - 1024 - 512, 1]]);
    assertEquals(bad, 1);
  }
});
