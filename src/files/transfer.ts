/**
 * Whole arrays from and to files: one call of the operating system may read or write less than it
 * was given.
 */

/** Reads until the array is full or the file ends; returns the number of bytes read. */
export async function readFully(file: Deno.FsFile, bytes: Uint8Array): Promise<number> {
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  return length;
}

/** As {@linkcode readFully}, at once. */
export function readFullySync(file: Deno.FsFile, bytes: Uint8Array): number {
  let length = 0;
  while (length < bytes.length) {
    const count = file.readSync(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  return length;
}

/** Writes all of the bytes. */
export async function writeAll(file: Deno.FsFile, data: ArrayBufferView): Promise<void> {
  const bytes = bytesOf(data);
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}

/** As {@linkcode writeAll}, at once. */
export function writeAllSync(
  file: Pick<Deno.FsFile, "writeSync">,
  data: ArrayBufferView,
): void {
  const bytes = bytesOf(data);
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
