import { UserError } from "../errors.ts";
import { warn } from "../warn.ts";

/** How to bear with servers and networks. */
export interface HttpOptions {
  /** Attempts in a row that bring nothing, before giving up. @default 10 */
  tries?: number;
  /** The wait after the first such attempt, in milliseconds; it doubles up to 30 s. @default 1000 */
  delay?: number;
  /** How long a server may send nothing, in milliseconds. @default 30000 */
  timeout?: number;
  /** An Authorization header, for the server itself and none that it redirects to. @default none */
  authorization?: string;
}

const MAX_DELAY = 30_000;
/** A longer wait is told, lest it looks like a hang. */
const TOLD_DELAY = 2000;
const MAX_REDIRECTS = 10;

/** What may go better the next time: a lost connection, an overloaded server. */
export class Interruption extends Error {
  /** @param wait What the server asks to wait, in milliseconds. */
  constructor(message: string, readonly wait = 0) {
    super(message);
  }
}

/** A response whose headers are checked, and its body. */
export interface Answer {
  status: number;
  headers: Headers;
  /** The body; each chunk comes within the time-out. */
  chunks: AsyncGenerator<Uint8Array>;
  /** Ends the request. */
  close(): void;
}

/** Counts failures in a row, and waits after each. */
export class Retries {
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
    const wanted = Math.max(this.#delay * 2 ** (this.#failures - 1), error.wait);
    const delay = Math.min(wanted, MAX_DELAY);
    if (delay >= TOLD_DELAY) {
      const seconds = Math.round(delay / 1000);
      warn(`${this.#name}: ${error.message}; trying again in ${seconds} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
}

/** Sends one request, and follows redirects. */
export async function request(
  url: string,
  name: string,
  headers: Record<string, string>,
  { timeout = 30_000, authorization }: HttpOptions,
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
      throw new Interruption(reason(error as Error));
    } finally {
      clearTimeout(timer);
    }
  };
  let location = url;
  const { origin } = new URL(url);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const isSame = new URL(location).origin === origin;
    const secret: Record<string, string> = authorization && isSame ? { authorization } : {};
    const response = await within(() =>
      fetch(location, {
        headers: { "accept-encoding": "identity", ...headers, ...secret },
        redirect: "manual",
        signal: controller.signal,
      })
    );
    const next = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && next !== null) {
      await response.body?.cancel();
      const { protocol, href } = new URL(next, location);
      if (protocol !== "http:" && protocol !== "https:") {
        throw new UserError(`${name}: the server redirects to ${href}, which is no web address`);
      }
      location = href;
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

/** Why a request failed: the last of what Deno strings together, without the system's number. */
function reason({ message, cause }: Error): string {
  const whole = cause instanceof Error ? cause.message : message;
  return whole.replace(/ \(os error \d+\)$/, "").replace(/^.*: (?=[^:]+$)/s, "");
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

/** The size of the body, if the server says. */
export function contentLength(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  return length === null ? undefined : Number(length);
}

/** Where the body begins and the file's size: `bytes 0-99/1234`, `bytes *\/1234`, `bytes 0-99/*`. */
export function contentRange(headers: Headers): { start?: number; total?: number } {
  const match = headers.get("content-range")?.match(/^bytes (?:(\d+)-\d+|\*)\/(?:(\d+)|\*)$/);
  const number = (digits?: string) => digits === undefined ? undefined : Number(digits);
  return { start: number(match?.[1]), total: number(match?.[2]) };
}

/** What the server calls this state of the file: its ETag, or else the date of the last change. */
export function versionOf(headers: Headers): string | undefined {
  return headers.get("etag") ?? headers.get("last-modified") ?? undefined;
}
