import { createHash } from "node:crypto";
import { UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { fileExists } from "../files/file_exists.ts";
import { lockFile } from "../files/lock.ts";
import { removeFile } from "../files/create_file.ts";
import { writeAll } from "../files/transfer.ts";
import { readRemote } from "../http/remote_file.ts";
import type { HttpOptions } from "../http/options.ts";
import type { HubFile } from "./locate.ts";

/**
 * Downloads a file of a hub to `path`. What is there of it already, as `path.incomplete`, is not
 * asked for again. The name `path` is given only to a whole file with the right checksum. Of two
 * processes the second waits for the first, and does what that has not done.
 *
 * @param onProgress Called with the bytes that are there.
 * @throws {UserError} If the file cannot be had or written, or is damaged.
 */
export async function download(
  hubFile: HubFile,
  path: string,
  http: HttpOptions,
  onProgress?: (bytes: number) => void,
): Promise<void> {
  const { name, url, size } = hubFile;
  const incomplete = `${path}.incomplete`;
  try {
    using file = await lockFile(incomplete, { create: true, append: true });
    if (await fileExists(path)) return await removeFile(incomplete);
    let there = (await file.stat()).size;
    if (size !== undefined && there > size) {
      await file.truncate(0);
      there = 0;
    }
    onProgress?.(there);
    if (size === undefined || there < size) {
      const offset = there > 0 ? there : undefined;
      const rest = size === undefined ? undefined : size - there;
      for await (const chunk of readRemote({ name, url, offset, size: rest }, http)) {
        await writeAll(file, chunk);
        there += chunk.length;
        onProgress?.(there);
      }
    }
    await file.sync();
    await verify(hubFile, incomplete, there);
    await Deno.rename(incomplete, path);
  } catch (error) {
    throw fileError(error, `${incomplete}: cannot write`);
  }
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
