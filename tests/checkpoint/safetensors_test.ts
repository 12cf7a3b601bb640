import { assert, assertEquals, assertRejects } from "@std/assert";
import { UsageError, UserError } from "../../src/errors.ts";
import { openSafetensors, writeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { LFS_POINTER } from "../data/fixtures.ts";

async function withDirectory(body: (directory: string) => Promise<void>) {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A file with this header (an object, text or bytes) and data, its length field right or given. */
function fileOf(header: unknown, data: Uint8Array | number, length?: bigint) {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const bytes = header instanceof Uint8Array ? header : new TextEncoder().encode(text);
  const payload = typeof data === "number" ? new Uint8Array(data) : data;
  const file = new Uint8Array(8 + bytes.length + payload.length);
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(bytes.length), true);
  file.set(bytes, 8);
  file.set(payload, 8 + bytes.length);
  return file;
}

const f32 = (shape: unknown, begin: unknown, end: unknown) => ({
  ...{ dtype: "F32", shape, data_offsets: [begin, end] },
});

Deno.test("writeSafetensors lays out the bytes as the format says", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/a.safetensors`;
    await writeSafetensors(path, [
      { name: "b", shape: [2, 1], data: () => new Float32Array([1, -2]) },
      { name: "a", shape: [], data: () => Promise.resolve(new Float32Array([0.5])) },
    ], { format: "pt" });

    const bytes = await Deno.readFile(path);
    const json = '{"__metadata__":{"format":"pt"},' +
      '"b":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},' +
      '"a":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}';
    const padded = json + " ".repeat(7 - (json.length + 7) % 8);
    assertEquals(padded.length % 8, 0);
    assertEquals([...bytes.subarray(0, 8)], [padded.length, 0, 0, 0, 0, 0, 0, 0]);
    assertEquals(new TextDecoder().decode(bytes.subarray(8, 8 + padded.length)), padded);
    assertEquals(
      [...bytes.subarray(8 + padded.length)],
      [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f], // 1, -2, 0.5
    );
  }));

Deno.test("what was written is read back, in any order", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/a.safetensors`;
    const big = Float32Array.from({ length: 300_000 }, (_, i) => Math.sin(i));
    async function* tensors() {
      yield { name: "h.0.ln_1.weight", shape: [3], data: () => new Float32Array([1, 2, 3]) };
      yield { name: "empty", shape: [0, 5], data: () => new Float32Array() };
      // A view into the middle of a buffer.
      yield { name: "big", shape: [100, 2999], data: async () => (await big).subarray(100) };
    }
    await writeSafetensors(path, tensors(), { step: "7", "ключ": "\n" });

    using file = await openSafetensors(path);
    assertEquals(file.metadata, { step: "7", "ключ": "\n" });
    assertEquals([...file.tensors.keys()], ["h.0.ln_1.weight", "empty", "big"]);
    assertEquals(file.tensors.get("big")?.shape, [100, 2999]);
    assertEquals(file.tensors.get("big")?.dtype, "F32");
    const [last, empty, first, again] = await Promise.all(
      ["big", "empty", "h.0.ln_1.weight", "big"].map((name) => file.read(name)),
    );
    assertEquals([...first], [1, 2, 3]);
    assertEquals(empty.length, 0);
    assertEquals(last, big.slice(100));
    assertEquals(again, last);
    await assertRejects(() => file.read("wte.weight"), UserError, "there is no tensor wte.weight");
    assertEquals([...await file.read("h.0.ln_1.weight")], [1, 2, 3]);
  }));

Deno.test("writeSafetensors holds one tensor at a time", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/a.safetensors`;
    const sizes: number[] = [];
    const data = async () => {
      sizes.push((await Deno.stat(`${path}.tmp`)).size);
      return new Float32Array(10);
    };
    const names = ["a", "b", "c"];
    await writeSafetensors(path, names.map((name) => ({ name, shape: [10], data })));
    assertEquals(sizes[1] - sizes[0], 40); // each is on its way to disk before the next is asked for
    assertEquals(sizes[2] - sizes[1], 40);
  }));

Deno.test("a write that fails leaves the old file and nothing else", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/a.safetensors`;
    await writeSafetensors(path, [{ name: "a", shape: [1], data: () => new Float32Array([7]) }]);
    const good = { name: "a", shape: [2], data: () => new Float32Array(2) };

    const lost = { ...good, name: "b", data: () => Promise.reject(new Error("device lost")) };
    await assertRejects(() => writeSafetensors(path, [good, lost]), Error, "device lost");
    await assertRejects(
      () => writeSafetensors(path, [good, { ...good, name: "b", shape: [2, 2] }]),
      UsageError,
      "tensor b has shape (2, 2) but 2 values",
    );
    await assertRejects(() => writeSafetensors(path, [good, good]), UsageError, "two tensors");
    await assertRejects(
      () => writeSafetensors(`${directory}/none/a`, [good]),
      UserError,
      `${directory}/none/a: cannot write: `,
    );

    assertEquals((await Array.fromAsync(Deno.readDir(directory))).length, 1);
    using file = await openSafetensors(path);
    assertEquals([...await file.read("a")], [7]);
  }));

Deno.test("F16 and BF16 are widened, other types are listed but not read", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/a.safetensors`;
    const header = {
      mask: { dtype: "BOOL", shape: [2], data_offsets: [12, 14] },
      half: { dtype: "F16", shape: [3], data_offsets: [0, 6] },
      brain: { dtype: "BF16", shape: [3, 1], data_offsets: [6, 12] },
    };
    const values = [0x3c00, 0xc000, 0x0001, 0x3f80, 0xc049, 0x7f80];
    const data = new Uint8Array([...values.flatMap((bits) => [bits & 255, bits >> 8]), 1, 0]);
    await Deno.writeFile(path, fileOf(header, data));

    using file = await openSafetensors(path);
    assertEquals([...await file.read("half")], [1, -2, 2 ** -24]);
    assertEquals([...await file.read("brain")], [1, -3.140625, Infinity]);
    assertEquals(file.tensors.get("mask")?.dtype, "BOOL");
    await assertRejects(() => file.read("mask"), UserError, "tensor mask is BOOL");
  }));

const a = f32([2], 0, 8);
const MALFORMED: Record<string, [Uint8Array, string]> = {
  "an empty file": [new Uint8Array(), "0 bytes are too short"],
  "half a length": [new Uint8Array(7), "7 bytes are too short"],
  "a header longer than the file": [fileOf({ a }, 8, 10_000n), "length is 10000 bytes, but only"],
  "an absurd header length": [fileOf({ a }, 8, 2n ** 64n - 1n), "length is 18446744073709551615"],
  "a header that is not JSON": [fileOf('{"a":', 8), "not JSON"],
  "an empty header": [fileOf("", 8), "not JSON"],
  "a header that is not UTF-8": [fileOf(new Uint8Array([0x7b, 0xff, 0x7d]), 0), "not JSON"],
  "a header that is a list": [fileOf([a], 8), "not a JSON object"],
  "an entry that is no object": [fileOf({ a: 3 }, 8), 'tensor "a" is not described'],
  "an unknown dtype": [fileOf({ a: { ...a, dtype: "F31" } }, 8), 'unknown dtype "F31"'],
  "an inherited dtype": [fileOf({ a: { ...a, dtype: "toString" } }, 8), "unknown dtype"],
  "no dtype": [fileOf({ a: { ...a, dtype: undefined } }, 8), "unknown dtype nothing"],
  "a negative dimension": [fileOf({ a: f32([-2, -1], 0, 8) }, 8), "impossible shape [-2,-1]"],
  "half a dimension": [fileOf({ a: f32([1.5], 0, 6) }, 6), "impossible shape [1.5]"],
  "a shape that is no list": [fileOf({ a: f32(2, 0, 8) }, 8), "impossible shape 2"],
  "an absurd shape": [fileOf({ a: f32([2 ** 40, 2 ** 40], 0, 8) }, 8), "but its data_offsets"],
  "an endless shape": [fileOf({ a: f32(Array(99).fill(2 ** 50), 0, 8) }, 8), "data_offsets"],
  "no offsets": [fileOf({ a: { ...a, data_offsets: null } }, 8), "impossible data_offsets null"],
  "a negative offset": [fileOf({ a: f32([2], -8, 0) }, 8), "impossible data_offsets [-8,0]"],
  "offsets the wrong way": [fileOf({ a: f32([2], 8, 0) }, 8), "data_offsets are [8,0]"],
  "offsets not of the shape": [fileOf({ a: f32([3], 0, 8) }, 8), "needs 12 bytes"],
  "overlapping tensors": [fileOf({ a, b: f32([2], 4, 12) }, 12), "inside the tensor before it"],
  "the same bytes twice": [fileOf({ a, b: a }, 8), "inside the tensor before it"],
  "a gap": [fileOf({ a, b: f32([1], 12, 16) }, 16), "but the one before ends at 8"],
  "a gap at the start": [fileOf({ a: f32([1], 4, 8) }, 8), "begins at byte 4"],
  "truncated data": [fileOf({ a }, 7), "take 8 bytes, but 7 follow the header: the file is cut"],
  "data out of range": [fileOf({ a: f32([2 ** 40], 0, 2 ** 42) }, 8), "cut short"],
  "data beyond the last tensor": [fileOf({ a }, 9), "take 8 bytes, but 9 follow"],
  "a name twice": [fileOf('{"a":1, "b":{"a":1}, "\\u0061" : 2}', 0), 'names "a" twice'],
  "metadata of numbers": [fileOf({ __metadata__: { step: 7 } }, 0), "strings to strings"],
  "millions of escapes": [
    fileOf(`{"${"\\\\n".repeat(2e7)}": {}}`, 0),
    "has the unknown dtype nothing",
  ],
  "millions of spaces": [fileOf(`{"a"${" ".repeat(4e7)}:1, "a":2}`, 0), 'names "a" twice'],
  "lists in lists": [
    fileOf(`{"a": {"dtype": ${"[".repeat(5e5)}${"]".repeat(5e5)}}}`, 0),
    'tensor "a" has the unknown dtype [[…]]',
  ],
  "a line break in a name": [fileOf({ "x\ny": 3 }, 0), 'tensor "x\\ny" is not'],
};

Deno.test("openSafetensors refuses a malformed file", async (t) => {
  for (const [what, [bytes, message]] of Object.entries(MALFORMED)) {
    await t.step(what, () =>
      withDirectory(async (directory) => {
        const path = `${directory}/bad.safetensors`;
        await Deno.writeFile(path, bytes);
        const error = await assertRejects(() => openSafetensors(path), UserError, message);
        assert(error.message.startsWith(`${path}: not a safetensors file: `), error.message);
        assert(!error.message.includes("\n"), error.message);
      }));
  }
});

Deno.test("openSafetensors names a file that cannot be read", () =>
  withDirectory(async (directory) => {
    await assertRejects(
      () => openSafetensors(`${directory}/none`),
      UserError,
      `${directory}/none: cannot read: `,
    );
    await assertRejects(() => openSafetensors(directory), UserError, `${directory} is a directory`);
  }));

Deno.test("a file cut short after it was opened is an error, not zeros", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/a.safetensors`;
    await Deno.writeFile(path, fileOf({ a }, 8));
    using file = await openSafetensors(path);
    await Deno.truncate(path, 8 + JSON.stringify({ a }).length + 5);
    await assertRejects(() => file.read("a"), UserError, "cut short: 3 bytes are missing");
  }));

Deno.test("a disk that fails while tensors are read is told of with the file", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/a.safetensors`;
    await writeSafetensors(path, [{ name: "a", shape: [2], data: () => Float32Array.of(1, 2) }]);
    using file = await openSafetensors(path);
    const { read } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.read = () => Promise.reject(new Error("Input/output error (os error 5)"));
    try {
      const error = await assertRejects(() => file.read("a"), UserError);
      assertEquals(error.message, `${path}: cannot read: Input/output error`);
    } finally {
      Object.assign(Deno.FsFile.prototype, { read });
    }
    assertEquals([...await file.read("a")], [1, 2]);
  }));

Deno.test("what stands for a file that Git LFS has not fetched is named", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/model.safetensors`;
    await Deno.writeTextFile(path, LFS_POINTER);
    const message = `${path} is a Git LFS pointer, not the file: run git lfs pull`;
    const error = await assertRejects(() => openSafetensors(path), UserError, message);
    assertEquals(error.code, "CHECKPOINT");
  }));

Deno.test("what would take all memory is refused before it is parsed or read", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/a.safetensors`;
    const fails = async (message: string) => {
      const error = await assertRejects(() => openSafetensors(path), UserError, message);
      assertEquals(error.code, "CHECKPOINT");
    };
    const nested = `{"a":${"[".repeat(2e6)}${"]".repeat(2e6)}}`;
    const flat = `{"a":1,"b":{${'"c":[],'.repeat(1_999_998)}"d":[]}}`;
    for (const header of [nested, flat]) {
      await Deno.writeFile(path, fileOf(header, 0));
      await fails("the header has 2000001 objects and lists");
    }
    await Deno.writeFile(path, fileOf({ a: "[".repeat(2e6) + '\\"[' }, 0));
    await fails('tensor "a" is not described by an object'); // they are part of a text
    if (Deno.build.os === "windows") return; // which has no holes in files
    const size = 4e12; // of which the disk has nothing
    const header = fileOf({ "[[[[": f32([1e12], 0, size), '"\\"{': f32([0], size, size) }, 0);
    await Deno.writeFile(path, header);
    await Deno.truncate(path, header.length + size);
    await fails(`tensor "[[[[" has ${size} bytes, more than 17179869184`);
  }));
