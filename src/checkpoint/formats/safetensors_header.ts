import { UsageError, UserError } from "../../errors.ts";
import { countNested, isObject } from "../../json.ts";
import { quote } from "../../quote.ts";
import { sizeOf } from "../../model/parameters.ts";

/**
 * The safetensors format (https://github.com/huggingface/safetensors): the header's length as a
 * little-endian u64, the header as JSON, then the tensors' bytes one after the other, row-major
 * and little-endian. Deno runs on little-endian machines only, so typed arrays are written as is.
 */

/** Bytes of an element by safetensors' name of its type. */
const ELEMENT_BYTES: Record<string, number> = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** The format's own limit on its header, in bytes. */
export const MAX_HEADER = 100_000_000;

/** Objects and lists of a header, 3 a tensor: there are far fewer in a model. */
const MAX_NESTED = 1_000_000;

/** Bytes of a tensor: far more than a GPU takes, and a file with a hole may have at no cost. */
const MAX_TENSOR = 2 ** 34;

/** What a safetensors file says of one of its tensors. */
export interface TensorInfo {
  shape: readonly number[];
  /** Element type by safetensors' name, e.g. `F32`. */
  dtype: string;
}

/** A tensor's place in the file, in bytes from the start of the data. */
export interface Entry extends TensorInfo {
  begin: number;
  end: number;
}

/**
 * The file up to its data: the header's length and the header of tensors of one type, padded with
 * spaces so that the data start at a multiple of 8.
 *
 * @throws {UsageError} If a name comes twice.
 */
export function encodeHeader(
  tensors: { name: string; shape: readonly number[] }[],
  metadata: Record<string, string>,
  dtype: "F32" | "F16",
): Uint8Array {
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set("__metadata__", metadata);
  let end = 0;
  for (const { name, shape } of tensors) {
    if (header.has(name)) throw new UsageError(`two tensors are named ${name}`);
    const begin = end;
    end += ELEMENT_BYTES[dtype] * sizeOf(shape);
    header.set(name, { dtype, shape, data_offsets: [begin, end] });
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(" ".charCodeAt(0));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

/** The error of a file that is not in the format. */
export function malformed(file: string, what: string): UserError {
  return new UserError(`${file}: not a safetensors file: ${what}`, "CHECKPOINT");
}

/**
 * Checks a header against the `dataSize` bytes that follow it, all of which must belong to one
 * tensor each.
 *
 * @throws {UserError} If the header is malformed or the data are cut short.
 */
export function parseHeader(
  file: string,
  bytes: ArrayBuffer,
  dataSize: number,
): { metadata: Record<string, string>; entries: Map<string, Entry> } {
  const count = countNested(new Uint8Array(bytes));
  if (count > MAX_NESTED) throw malformed(file, `the header has ${count} objects and lists`);
  let text: string, header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    throw malformed(file, "the header is not JSON");
  }
  if (!isObject(header)) throw malformed(file, "the header is not a JSON object");
  const twice = duplicateKey(text);
  if (twice !== undefined) throw malformed(file, `the header names ${quote(twice)} twice`);

  const { __metadata__: metadata = {}, ...rest } = header;
  if (!isStringRecord(metadata)) {
    throw malformed(file, "__metadata__ does not map strings to strings");
  }

  const entries = Object.entries(rest)
    .map(([name, value]) => [name, checkEntry(file, name, value)] as const)
    .sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const [name, entry] of entries) {
    if (entry.begin !== end) {
      throw malformed(
        file,
        `tensor ${quote(name)} begins at byte ${entry.begin} of the data, ` +
          (entry.begin < end ? "inside the tensor before it" : `but the one before ends at ${end}`),
      );
    }
    end = entry.end;
  }
  if (end !== dataSize) {
    throw malformed(
      file,
      `its tensors take ${end} bytes, but ${dataSize} follow the header` +
        (end > dataSize ? ": the file is cut short" : ""),
    );
  }
  for (const [name, { begin, end }] of entries) {
    if (end - begin <= MAX_TENSOR) continue;
    throw malformed(
      file,
      `tensor ${quote(name)} has ${end - begin} bytes, more than ${MAX_TENSOR}`,
    );
  }
  return { metadata, entries: new Map(entries) };
}

/** A tensor's entry in the header, checked as far as it can be without the others. */
function checkEntry(file: string, name: string, value: unknown): Entry {
  const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && Number(n) >= 0;
  if (!isObject(value)) {
    throw malformed(file, `tensor ${quote(name)} is not described by an object`);
  }

  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    throw malformed(file, `tensor ${quote(name)} has the unknown dtype ${quote(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw malformed(file, `tensor ${quote(name)} has the impossible shape ${quote(shape)}`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw malformed(
      file,
      `tensor ${quote(name)} has the impossible data_offsets ${quote(offsets)}`,
    );
  }
  const [begin, end] = offsets;
  const needed = sizeOf(shape) * ELEMENT_BYTES[dtype];
  if (end - begin !== needed) {
    throw malformed(
      file,
      `tensor ${quote(name)}, ${dtype} of shape ${quote(shape)}, needs ${needed} bytes, ` +
        `but its data_offsets are ${quote(offsets)}`,
    );
  }
  return { dtype, shape, begin, end };
}

/** The first key of the JSON object `text` that comes twice, which JSON.parse would not tell. */
function duplicateKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  // Character by character: a pattern for strings may need more stack than there is.
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    else if (char === '"') {
      const start = at++;
      while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
      const string = text.slice(start, at + 1);
      while (/\s/.test(text[at + 1])) at++;
      if (depth !== 1 || text[at + 1] !== ":") continue;
      const key = JSON.parse(string);
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((entry) => typeof entry === "string");
}
