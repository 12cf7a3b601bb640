import { UserError } from "../errors.ts";

/** How to bear with servers and networks. */
export interface HttpOptions {
  /** Attempts in a row that bring nothing, before giving up. @default 10 */
  tries?: number;
  /** The wait after the first such attempt, in milliseconds; it doubles up to 30 s. @default 1000 */
  delay?: number;
  /** How long a server may send nothing, in milliseconds. @default 30000 */
  timeout?: number;
}

const MAX_DELAY = 30_000;
const MAX_REDIRECTS = 10;

/** What may go better the next time: a lost connection, an overloaded server. */
class Interruption extends Error {
  /** @param wait What the server asks to wait, in milliseconds. */
  constructor(message: string, readonly wait = 0) {
    super(message);
  }
}

/** A response whose headers are checked, and its body. */
interface Answer {
  status: number;
  headers: Headers;
  /** The body; each chunk comes within the time-out. */
  chunks: AsyncGenerator<Uint8Array>;
  /** Ends the request. */
  close(): void;
}

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
      const answer = await request(url, name, { range: "bytes=0-0" }, options);
      answer.close();
      const { status, headers } = answer;
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
  const { name, url, offset, size } = range;
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
      const answer = await request(url, name, headers, options);
      try {
        const found = checkAnswer(answer, { name, position, version, isWhole });
        if (offset === undefined && found.total !== undefined) {
          if (end !== undefined && found.total !== end) throw changed(name, position);
          end = found.total;
        }
        version ??= found.version;
        for await (const chunk of answer.chunks) {
          if (end !== undefined && position + chunk.length > end) {
            throw new UserError(
              `${name}: the server sends more than the ${end} bytes it announced`,
            );
          }
          position += chunk.length;
          retries.reset();
          yield chunk;
        }
      } finally {
        answer.close();
      }
      if (end === undefined) return;
      if (position < end) throw new Interruption(`the answer ended before byte ${end}`);
    } catch (error) {
      await retries.wait(error, position);
    }
  }
}

/**
 * Whether an answer continues the same file where it should.
 *
 * @returns The size of the whole file and its version, as far as the server says.
 */
function checkAnswer(
  { status, headers }: Answer,
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
    );
  }
  if (start !== position) {
    const range = headers.get("content-range") ?? "no range";
    throw new UserError(`${name}: asked for bytes from ${position}, the server sends ${range}`);
  }
  return { total, version: found };
}

/** Counts failures in a row, and waits after each. */
class Retries {
  #failures = 0;
  readonly #name: string;
  readonly #tries: number;
  readonly #delay: number;

  constructor(name: string, { tries = 10, delay = 1000 }: HttpOptions) {
    this.#name = name;
    this.#tries = tries;
    this.#delay = delay;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** @throws What is no interruption at once, and the last of too many as a {@linkcode UserError}. */
  async wait(error: unknown, position: number): Promise<void> {
    if (!(error instanceof Interruption)) throw error;
    if (++this.#failures >= this.#tries) {
      throw new UserError(
        `${this.#name}: gave up at byte ${position} after ${this.#failures} tries: ${error.message}`,
      );
    }
    const delay = Math.max(this.#delay * 2 ** (this.#failures - 1), error.wait);
    await new Promise((resolve) => setTimeout(resolve, Math.min(delay, MAX_DELAY)));
  }
}

/** Sends one request, and follows redirects. */
async function request(
  url: string,
  name: string,
  headers: Record<string, string>,
  { timeout = 30_000 }: HttpOptions,
): Promise<Answer> {
  const controller = new AbortController();
  /** Waits for the network. */
  const within = async <T>(promise: () => Promise<T>): Promise<T> => {
    const stalled = new Interruption(`the server sent nothing for ${timeout / 1000} s`);
    const timer = setTimeout(() => controller.abort(stalled), timeout);
    try {
      return await promise();
    } catch (error) {
      if (controller.signal.aborted) throw stalled;
      if (error instanceof Deno.errors.NotCapable) {
        throw new UserError(`${name}: Deno may not use the network; run it with --allow-net`);
      }
      throw new Interruption((error as Error).message.replace(/^.*\): (?=client error)/s, ""));
    } finally {
      clearTimeout(timer);
    }
  };
  let location = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await within(() =>
      fetch(location, {
        headers: { "accept-encoding": "identity", ...headers },
        redirect: "manual",
        signal: controller.signal,
      })
    );
    const next = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && next !== null) {
      await response.body?.cancel();
      location = new URL(next, location).href;
      continue;
    }
    try {
      checkStatus(response, name);
    } catch (error) {
      controller.abort();
      throw error;
    }
    const reader = response.body?.getReader();
    const chunks = async function* () {
      while (reader) {
        const { done, value } = await within(() => reader.read());
        if (done) return;
        yield value;
      }
    };
    return {
      status: response.status,
      headers: response.headers,
      chunks: chunks(),
      close: () => controller.abort(),
    };
  }
  throw new UserError(`${name}: the server redirects more than ${MAX_REDIRECTS} times`);
}

/** Lets 200, 206 and 416 pass. */
function checkStatus({ status, statusText, headers }: Response, name: string): void {
  const answer = `the server answers ${status} ${statusText}`.trimEnd();
  if (status === 408 || status === 429 || status >= 500) {
    throw new Interruption(answer, 1000 * (Number(headers.get("retry-after")) || 0));
  }
  if (status === 401 || status === 403) {
    throw new UserError(`${name}: ${answer}; it wants to know who asks: download the file`);
  }
  if (![200, 206, 416].includes(status)) {
    throw new UserError(`${name}: ${answer}; check the address`);
  }
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity" && !name.endsWith(".gz")) {
    throw new UserError(`${name}: the server packs it anew (Content-Encoding: ${encoding})`);
  }
}

function contentLength(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  return length === null ? undefined : Number(length);
}

/** `bytes 0-99/1234`, `bytes *\/1234` or `bytes 0-99/*`. */
function contentRange(headers: Headers): { start?: number; total?: number } {
  const match = headers.get("content-range")?.match(/^bytes (?:(\d+)-\d+|\*)\/(?:(\d+)|\*)$/);
  const number = (digits?: string) => digits === undefined ? undefined : Number(digits);
  return { start: number(match?.[1]), total: number(match?.[2]) };
}

function versionOf(headers: Headers): string | undefined {
  return headers.get("etag") ?? headers.get("last-modified") ?? undefined;
}

function changed(name: string, position: number): UserError {
  return new UserError(
    `${name}: the file on the server is no longer the one that was read up to byte ${position}; ` +
      "start anew, or download it",
  );
}
