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

/** What was read of a file cannot be gone on with: it is another now, or no parts of it are given. */
export class DiscontinuedError extends UserError {}

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
  const { name, offset = 0, size, version } = range;
  const retries = new Retries(name, options);
  const reading: Reading = {
    position: offset,
    end: size === undefined ? undefined : offset + size,
    version,
  };
  const isDone = () => reading.end !== undefined && reading.position >= reading.end;
  while (!isDone()) {
    try {
      let asked = performance.now();
      for await (const chunk of readOn(range, reading, options)) {
        const waited = performance.now() - asked; // and not what the caller does with it
        yield chunk; // in any case: what is asked for next is what follows it
        if (!isDone()) retries.received(chunk.length, waited);
        asked = performance.now();
      }
      if (reading.end === undefined) return;
      if (!isDone()) throw new Interruption(`the answer ended before byte ${reading.end}`);
    } catch (error) {
      await retries.wait(error, reading.position);
    }
  }
}

/** How far a file is read. */
interface Reading {
  /** Of the next byte. */
  position: number;
  /** Behind the last byte, if known. */
  end?: number;
  /** What the server called the file, if it did. */
  version?: string;
}

/** Asks for what is left, and gives what comes over this connection; keeps count of it. */
async function* readOn(
  { name, url, offset, size, endsItself = false }: RemoteRange,
  reading: Reading,
  options: HttpOptions,
): AsyncGenerator<Uint8Array> {
  const isWhole = offset === undefined && reading.position === 0;
  const response = await request(url, name, isWhole ? {} : rangeHeaders(reading), options);
  try {
    if (isBehindEnd(response, reading)) {
      reading.end = reading.position;
      return;
    }
    const found = checkContinues(response, name, reading, isWhole);
    const isToEnd = offset === undefined || size === undefined;
    if (isToEnd && found.total !== undefined) {
      if (reading.end !== undefined && found.total !== reading.end) {
        throw changed(name, reading.position);
      }
      reading.end = found.total;
    }
    const { end } = reading;
    if (end === undefined && !endsItself && !isChunked(response.headers)) {
      throw new UserError(
        `${name}: the server does not say how long the file is, so a lost connection would ` +
          "pass for its end; download it",
        "NETWORK",
      );
    }
    reading.version ??= found.version;
    for await (const chunk of response.chunks) {
      if (end !== undefined && reading.position + chunk.length > end) {
        throw new UserError(
          `${name}: the server sends more than the ${end} bytes it announced`,
          "NETWORK",
        );
      }
      reading.position += chunk.length;
      yield chunk;
    }
  } finally {
    response.close();
  }
}

/** Asks for the bytes that are left, of the same version. */
function rangeHeaders({ position, end, version }: Reading): Record<string, string> {
  const range = `bytes=${position}-${end === undefined ? "" : end - 1}`;
  return version && !version.startsWith("W/") ? { range, "if-range": version } : { range };
}

/**
 * Whether a response continues the same file where it should.
 *
 * @returns The size of the whole file and its version, as far as the server says.
 */
function checkContinues(
  { status, headers }: HttpResponse,
  name: string,
  { position, version }: Reading,
  isWhole: boolean,
): { total?: number; version?: string } {
  const found = versionOf(headers);
  const isOther = version !== undefined && found !== undefined && version !== found;
  const { start, total } = contentRange(headers);
  if (isOther || status === 416) throw changed(name, position);
  if (status === 200) {
    if (isWhole) return { total: contentLength(headers), version: found };
    throw new DiscontinuedError(
      position === 0
        ? `${name}: the server does not give parts of the file (no Range requests); download it`
        : `${name}: the connection was lost before byte ${position}, and the server cannot go on ` +
          "from there (no Range requests); download the file",
      "NETWORK",
    );
  }
  if (start !== position) {
    const range = headers.get("content-range") ?? "no range";
    throw new DiscontinuedError(
      `${name}: asked for bytes from ${position}, the server sends ${range}`,
      "NETWORK",
    );
  }
  return { total, version: found };
}

/** Whether there is nothing left of a file whose size was not known. */
function isBehindEnd({ status, headers }: HttpResponse, { position, end }: Reading): boolean {
  return status === 416 && end === undefined && contentRange(headers).total === position;
}

/** Whether the body comes in chunks, the last of which says that it is. */
function isChunked(headers: Headers): boolean {
  return headers.get("transfer-encoding") === "chunked";
}

function changed(name: string, position: number): DiscontinuedError {
  return new DiscontinuedError(
    `${name}: the file on the server is no longer the one that was read up to byte ${position}; ` +
      "start anew, or download it",
    "NETWORK",
  );
}
