/** A piece of a GGUF file; all numbers are little-endian. */
type Part = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** A key, its type and its value. */
export type GgufEntry = readonly Part[];

/** A tensor that the file holds. */
export interface GgufTensor {
  name: string;
  /** The length of each dimension, that of neighbouring elements first. */
  shape: readonly number[];
  dtype: "F32" | "F16";
  /** Its bytes. */
  size: number;
}

const MAGIC = "GGUF";
const VERSION = 3;

/** Where each tensor begins is a multiple of this many bytes. */
const ALIGNMENT = 32;

const DTYPES = { F32: 0, F16: 1 };

/** The numbers of the types of values. */
const UINT32 = 4;
const INT32 = 5;
const FLOAT32 = 6;
const BOOL = 7;
const STRING = 8;
const ARRAY = 9;

const encoder = new TextEncoder();

const uint32 = (value: number) => Uint32Array.of(value);
const uint64 = (value: number) => Uint32Array.of(value % 2 ** 32, Math.floor(value / 2 ** 32));

function string(text: string): Part[] {
  const bytes = encoder.encode(text);
  return [uint64(bytes.length), bytes];
}

/** How the values of keys are written. */
export const entry = {
  uint32: (key: string, value: number) => [...string(key), uint32(UINT32), uint32(value)],
  float32: (key: string, value: number) => {
    return [...string(key), uint32(FLOAT32), Float32Array.of(value)];
  },
  bool: (key: string, value: boolean) => {
    return [...string(key), uint32(BOOL), Uint8Array.of(Number(value))];
  },
  string: (key: string, value: string) => [...string(key), uint32(STRING), ...string(value)],
  strings: (key: string, values: readonly string[]) => [
    ...[...string(key), uint32(ARRAY), uint32(STRING), uint64(values.length)],
    ...values.flatMap(string),
  ],
  integers: (key: string, values: readonly number[]) => [
    ...[...string(key), uint32(ARRAY), uint32(INT32), uint64(values.length)],
    Uint32Array.from(values),
  ],
};

/**
 * What a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md) begins with: its keys
 * and the table of its tensors. The tensors follow in this order, each filled up to
 * {@linkcode padding}.
 */
export async function ggufHeader(
  entries: readonly GgufEntry[],
  tensors: readonly GgufTensor[],
): Promise<Uint8Array> {
  const parts: Part[] = [
    ...[encoder.encode(MAGIC), uint32(VERSION)],
    ...[uint64(tensors.length), uint64(entries.length)],
    ...entries.flat(),
  ];
  let offset = 0;
  for (const { name, shape, dtype, size } of tensors) {
    parts.push(...string(name), uint32(shape.length), ...shape.map(uint64));
    parts.push(uint32(DTYPES[dtype]), uint64(offset));
    offset += size + padding(size);
  }
  const { size } = new Blob(parts);
  return await new Blob([...parts, new Uint8Array(padding(size))]).bytes();
}

/** The bytes that are missing from `size` to where a tensor may begin. */
export function padding(size: number): number {
  return -size & (ALIGNMENT - 1);
}
