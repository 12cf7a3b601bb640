import { UserError } from "../errors.ts";
import { answerOf, checkNotBusy, waitForNetwork } from "./network.ts";
import type { HttpOptions } from "./options.ts";
import { followRedirects } from "./redirects.ts";

/** A response whose headers are checked, and its body. */
export interface HttpResponse {
  status: number;
  headers: Headers;
  /** The body; each chunk comes within the time-out. */
  chunks: AsyncGenerator<Uint8Array>;
  /** Ends the request. */
  close(): void;
}

/**
 * Sends one request, and follows redirects.
 *
 * @throws {Interruption} On what may go better the next time.
 * @throws {UserError} On what will not.
 */
export async function request(
  url: string,
  name: string,
  headers: Record<string, string>,
  { timeout, authorization }: HttpOptions,
): Promise<HttpResponse> {
  const controller = new AbortController();
  const exchange = { name, timeout, controller };
  const { origin } = new URL(url);
  let isAtHome = true; // for good: what another server asks of this one, it asks without the secret
  const { response } = await followRedirects(url, name, (location) => {
    isAtHome &&= new URL(location).origin === origin;
    const secret: Record<string, string> = authorization && isAtHome ? { authorization } : {};
    return waitForNetwork(exchange, () =>
      fetch(location, {
        headers: { "accept-encoding": "identity", ...headers, ...secret },
        redirect: "manual",
        signal: controller.signal,
      }));
  });
  try {
    checkResponse(response, name);
  } catch (error) {
    controller.abort();
    throw error;
  }
  const reader = response.body?.getReader();
  const chunks = async function* () {
    while (reader) {
      const { done, value } = await waitForNetwork(exchange, () => reader.read());
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

/** Lets the statuses 200, 206 and 416 pass. */
function checkResponse(response: Response, name: string): void {
  const { status, headers } = response;
  const answer = answerOf(response);
  checkNotBusy(response, answer);
  if (status === 401 || status === 403) {
    throw new UserError(
      `${name}: ${answer}; it wants to know who asks: download the file`,
      "PERMISSION",
    );
  }
  if (![200, 206, 416].includes(status)) {
    throw new UserError(
      `${name}: ${answer}; check the address`,
      status === 404 || status === 410 ? "NOT_FOUND" : "NETWORK",
    );
  }
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity" && !name.endsWith(".gz")) {
    throw new UserError(
      `${name}: the server packs it anew (Content-Encoding: ${encoding})`,
      "NETWORK",
    );
  }
}
