import { UserError } from "../errors.ts";
import { contentLength, contentRange, versionOf } from "./headers.ts";
import type { HttpOptions } from "./options.ts";
import { type HttpResponse, request } from "./request.ts";
import { Interruption, Retries } from "./retries.ts";

/** A file on a server: what was learnt by asking for its first byte. */
export interface RemoteFile {
  /** In bytes, if the server says. */
  size?: number;
  /** The ETag, or else the date of the last change. */
  version?: string;
  /** Whether the server gives parts of the file. */
  hasRanges: boolean;
}

/** Which bytes of which file to read. */
export interface RemoteRange {
  /** What errors call it. */
  name: string;
  url: string;
  /** The first byte; undefined to read the whole file. */
  offset?: number;
  /** The number of bytes, if known. */
  size?: number;
  /** The version that the file must have, if known. */
  version?: string;
  /**
   * Whether what the file holds shows its own end, so that one that was cut off does not pass for
   * whole. @default false
   */
  endsItself?: boolean;
}

/**
 * Asks a server about a file.
 *
 * @throws {UserError} If the file cannot be had, also after trying again.
 */
export async function probe(
  url: string,
  name: string,
  options: HttpOptions = {},
): Promise<RemoteFile> {
  const retries = new Retries(name, { ...options, tries: options.tries ?? 4 });
  for (;;) {
    try {
      const response = await request(url, name, { range: "bytes=0-0" }, options);
      response.close();
      const { status, headers } = response;
      const size = status === 200 ? contentLength(headers) : contentRange(headers).total;
      return { size, version: versionOf(headers), hasRanges: status !== 200 };
    } catch (error) {
      await retries.wait(error, 0);
    }
  }
}

/**
 * Streams a file or a part of it from a server. When the connection drops or stalls, it asks for
 * the rest, so long as the file is still the same one.
 *
 * @throws {UserError} If the file cannot be had or read on, and if it is not the one it was.
 */
export async function* readRemote(
  range: RemoteRange,
  options: HttpOptions = {},
): AsyncGenerator<Uint8Array> {
  const { name, url, offset, size, endsItself = false } = range;
  const retries = new Retries(name, options);
  let position = offset ?? 0;
  let end = size === undefined ? undefined : position + size;
  let version = range.version;
  while (end === undefined || position < end) {
    const isWhole = offset === undefined && position === 0;
    const headers: Record<string, string> = {};
    if (!isWhole) {
      headers.range = `bytes=${position}-${end === undefined ? "" : end - 1}`;
      if (version && !version.startsWith("W/")) headers["if-range"] = version;
    }
    try {
      const response = await request(url, name, headers, options);
      try {
        const found = checkContinues(response, { name, position, version, isWhole });
        if (offset === undefined && found.total !== undefined) {
          if (end !== undefined && found.total !== end) throw changed(name, position);
          end = found.total;
        }
        if (end === undefined && !endsItself && !isChunked(response.headers)) {
          throw new UserError(
            `${name}: the server does not say how long the file is, so a lost connection would ` +
              "pass for its end; download it",
            "NETWORK",
          );
        }
        version ??= found.version;
        for await (const chunk of response.chunks) {
          if (end !== undefined && position + chunk.length > end) {
            throw new UserError(
              `${name}: the server sends more than the ${end} bytes it announced`,
              "NETWORK",
            );
          }
          position += chunk.length;
          retries.reset();
          yield chunk;
        }
      } finally {
        response.close();
      }
      if (end === undefined) return;
      if (position < end) throw new Interruption(`the answer ended before byte ${end}`);
    } catch (error) {
      await retries.wait(error, position);
    }
  }
}

/**
 * Whether a response continues the same file where it should.
 *
 * @returns The size of the whole file and its version, as far as the server says.
 */
function checkContinues(
  { status, headers }: HttpResponse,
  { name, position, version, isWhole }: {
    name: string;
    position: number;
    version: string | undefined;
    isWhole: boolean;
  },
): { total?: number; version?: string } {
  const found = versionOf(headers);
  const isOther = version !== undefined && found !== undefined && version !== found;
  const { start, total } = contentRange(headers);
  if (isOther || status === 416) throw changed(name, position);
  if (status === 200) {
    if (isWhole) return { total: contentLength(headers), version: found };
    throw new UserError(
      position === 0
        ? `${name}: the server does not give parts of the file (no Range requests); download it`
        : `${name}: the connection was lost before byte ${position}, and the server cannot go on ` +
          "from there (no Range requests); download the file",
      "NETWORK",
    );
  }
  if (start !== position) {
    const range = headers.get("content-range") ?? "no range";
    throw new UserError(
      `${name}: asked for bytes from ${position}, the server sends ${range}`,
      "NETWORK",
    );
  }
  return { total, version: found };
}

/** Whether the body comes in chunks, the last of which says that it is. */
function isChunked(headers: Headers): boolean {
  return headers.get("transfer-encoding") === "chunked";
}

function changed(name: string, position: number): UserError {
  return new UserError(
    `${name}: the file on the server is no longer the one that was read up to byte ${position}; ` +
      "start anew, or download it",
    "NETWORK",
  );
}
