import { UsageError, UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { checkNotLfsPointer } from "../files/lfs_pointer.ts";
import { openFile } from "../files/read_file.ts";
import { replaceFile } from "../files/replace_file.ts";
import { readFully, writeAll } from "../files/transfer.ts";
import { sizeOf } from "../model/parameters.ts";
import {
  encodeHeader,
  malformed,
  MAX_HEADER,
  parseHeader,
  type TensorInfo,
} from "./formats/safetensors_header.ts";
import { narrow, widen } from "./formats/safetensors_values.ts";

export type { TensorInfo } from "./formats/safetensors_header.ts";

/** A tensor to write. Its values are asked for only when their turn comes. */
export interface TensorSource {
  name: string;
  shape: readonly number[];
  /** The values, row-major: as many as the shape says. */
  data: () => Float32Array | Promise<Float32Array>;
}

/** An open safetensors file. */
export interface SafetensorsFile extends Disposable {
  /** What it says of the tensors, as JSON. */
  header: ArrayBuffer;
  metadata: Record<string, string>;
  /** The tensors by name, in file order. */
  tensors: Map<string, TensorInfo>;
  /**
   * The values of a tensor, row-major; F16 and BF16 are widened to f32.
   *
   * @throws {UserError} If there is no such tensor, its type is not F32, F16 or BF16, or the file
   * has shrunk since it was opened.
   */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  close(): void;
}

/**
 * Writes tensors, holding the values of one at a time. The file is written beside `path` as
 * `path.tmp`, flushed to disk and renamed, so that a half-written file never takes an old one's
 * place.
 *
 * @param dtype What to store the values as.
 * @throws {UsageError} If a name comes twice, or data do not fit their shape.
 * @throws {UserError} If the file cannot be written, or F16 cannot hold a value.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<TensorSource> | AsyncIterable<TensorSource>,
  metadata: Record<string, string> = {},
  dtype: "F32" | "F16" = "F32",
): Promise<void> {
  const sources: TensorSource[] = [];
  for await (const source of tensors) sources.push(source);
  const header = encodeHeader(sources, metadata, dtype);

  await replaceFile(path, async (file) => {
    await writeAll(file, header);
    for (const { name, shape, data } of sources) {
      const values = await data();
      if (values.length !== sizeOf(shape)) {
        throw new UsageError(
          `tensor ${name} has shape (${shape.join(", ")}) but ${values.length} values`,
        );
      }
      await writeAll(file, dtype === "F16" ? narrow(name, values) : values);
    }
  });
}

/**
 * Opens a safetensors file and checks its header against the file's size: names are unique, and
 * the tensors' bytes follow each other from the header to the end of the file, as many as each
 * shape and type need. Nothing is allocated that the file is too short to fill.
 *
 * @throws {UserError} If the file cannot be read or is malformed.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openFile(path);
  try {
    const { header, metadata, entries, start } = await readHeader(file, path);

    const readTensor = async (name: string) => {
      const entry = entries.get(name);
      if (entry === undefined) {
        throw new UserError(`${path}: there is no tensor ${name}`, "CHECKPOINT");
      }
      if (!["F32", "F16", "BF16"].includes(entry.dtype)) {
        throw new UserError(
          `${path}: tensor ${name} is ${entry.dtype}: only F32, F16 and BF16 can be read`,
          "CHECKPOINT",
        );
      }
      await file.seek(start + entry.begin, Deno.SeekMode.Start);
      return widen(await readExactly(file, path, entry.end - entry.begin), entry.dtype);
    };

    let last: Promise<unknown> = Promise.resolve();
    const close = () => file.close();
    return {
      header,
      metadata,
      tensors: entries,
      read(name) {
        // One read after the other: they share the file's position.
        const values = last.then(() => readTensor(name)).catch((error) => {
          throw fileError(error, `${path}: cannot read`);
        });
        last = values.catch(() => {});
        return values;
      },
      close,
      [Symbol.dispose]: close,
    };
  } catch (error) {
    file.close();
    throw fileError(error, `${path}: cannot read`);
  }
}

async function readHeader(file: Deno.FsFile, path: string) {
  const { size } = await file.stat();
  checkNotLfsPointer(
    path,
    new Uint8Array(await readExactly(file, path, Math.min(size, 1024))),
    "CHECKPOINT",
  );
  await file.seek(0, Deno.SeekMode.Start);
  if (size < 8) throw malformed(path, `${size} bytes are too short for a header`);

  const length = new DataView(await readExactly(file, path, 8)).getBigUint64(0, true);
  if (length > BigInt(size - 8)) {
    throw malformed(path, `the header's length is ${length} bytes, but only ${size - 8} follow`);
  }
  if (length > BigInt(MAX_HEADER)) {
    throw malformed(path, `the header's length is ${length} bytes, above the limit ${MAX_HEADER}`);
  }
  const start = 8 + Number(length);
  const header = await readExactly(file, path, Number(length));
  return { header, ...parseHeader(path, header, size - start), start };
}

/** The next `length` bytes. */
async function readExactly(
  file: Deno.FsFile,
  path: string,
  length: number,
): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const missing = length - await readFully(file, bytes);
  if (missing > 0) {
    throw new UserError(`${path}: cut short: ${missing} bytes are missing`, "CHECKPOINT");
  }
  return bytes.buffer;
}
