import { createHash } from "node:crypto";
import { UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { fileExists } from "../files/file_exists.ts";
import { lockFile } from "../files/lock.ts";
import { removeFile } from "../files/create_file.ts";
import { writeAll } from "../files/transfer.ts";
import { DiscontinuedError, readRemote } from "../http/remote_file.ts";
import type { HttpOptions } from "../http/options.ts";
import type { HubFile } from "./locate.ts";

/**
 * Downloads a file of a hub to `path`. What is there of it already, as `path.incomplete`, is not
 * asked for again, if the server can go on from there. The name `path` is given only to a whole file
 * with the right checksum. Of two processes the second waits for the first, and does what that has
 * not done.
 *
 * @param most The most bytes that such a file can have.
 * @param onProgress Called with the bytes that are there.
 * @throws {UserError} If the file cannot be had or written, is too large, or is damaged.
 */
export async function download(
  hubFile: HubFile,
  path: string,
  most: number,
  http: HttpOptions,
  onProgress?: (bytes: number) => void,
): Promise<void> {
  const { name, url, size } = hubFile;
  checkSize(hubFile, size ?? 0, most);
  const incomplete = `${path}.incomplete`;
  try {
    using file = await lockFile(incomplete, { create: true, append: true });
    if (await fileExists(path)) return await removeFile(incomplete);
    let there = (await file.stat()).size;
    const fetchRest = async () => {
      onProgress?.(there);
      if (there === size) return;
      const rest = { offset: there > 0 ? there : undefined, size: size && size - there };
      for await (const chunk of readRemote({ name, url, ...rest }, http)) {
        there += chunk.length;
        checkSize(hubFile, there, most);
        await writeAll(file, chunk);
        onProgress?.(there);
      }
    };
    const startOver = async () => {
      await file.truncate(0);
      there = 0;
      await fetchRest();
    };
    const found = there;
    if (found > (size ?? most)) await startOver();
    else {
      await fetchRest().catch((error) => {
        if (found === 0 || !(error instanceof DiscontinuedError)) throw error;
        return startOver();
      });
    }
    await file.sync();
    await verify(hubFile, incomplete, there);
    await Deno.rename(incomplete, path);
  } catch (error) {
    if (error instanceof TooLargeError) await removeFile(incomplete);
    throw fileError(error, `${incomplete}: cannot write`);
  }
}

/** A file that has more bytes than such a file can have. */
class TooLargeError extends UserError {}

function checkSize({ name }: HubFile, size: number, most: number): void {
  if (size <= most) return;
  throw new TooLargeError(
    `${name} has more than ${most.toLocaleString("en")} bytes, which no such file has`,
    "NETWORK",
  );
}

/** Makes sure that a file's content is what its name on the hub says; removes one that is not. */
async function verify({ name, etag }: HubFile, path: string, size: number): Promise<void> {
  const isSha256 = /^[0-9a-f]{64}$/.test(etag);
  if (!isSha256 && !/^[0-9a-f]{40}$/.test(etag)) return; // no checksum
  const hash = createHash(isSha256 ? "sha256" : "sha1");
  if (!isSha256) hash.update(`blob ${size}\0`); // as Git does
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  const found = hash.digest("hex");
  if (found === etag) return;
  await removeFile(path);
  throw new UserError(
    `${name}: the download is damaged: its checksum is ${found}, not ${etag}; try again`,
    "NETWORK",
  );
}
