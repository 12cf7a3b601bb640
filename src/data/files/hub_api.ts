import { UserError } from "../../errors.ts";
import type { HttpOptions } from "../../http/options.ts";
import { request } from "../../http/request.ts";
import { Retries } from "../../http/retries.ts";
import type { HubServer } from "../../http/hub_server.ts";

/** The most bytes of an answer. */
const MOST = 2 ** 26;

/** What a hub's API says. */
export interface HubAnswer {
  /** JSON, of any form. */
  answer: unknown;
  /** The path of the next page, if there is one. */
  next?: string;
}

/**
 * Asks a hub's API about a data set.
 *
 * @param path With its query.
 * @param id The data set's name, with the revision where that is asked for.
 * @throws {UserError} If there is no such data set, it may not be read, or the hub cannot be asked,
 * also after trying again.
 */
export async function askHub(
  server: HubServer,
  path: string,
  id: string,
  http: HttpOptions = {},
): Promise<HubAnswer> {
  const { endpoint, token } = server;
  const name = `${endpoint}/datasets/${id}`;
  const options = { ...http, authorization: token && `Bearer ${token}` };
  const retries = new Retries(name, { ...http, tries: http.tries ?? 4 });
  for (;;) {
    try {
      const { headers, chunks, close } = await request(endpoint + path, name, {}, options);
      try {
        return { answer: await readJson(chunks, endpoint), next: nextPage(headers, endpoint) };
      } finally {
        close();
      }
    } catch (error) {
      if (error instanceof UserError) throw explained(error, name);
      await retries.wait(error, 0);
    }
  }
}

async function readJson(chunks: AsyncIterable<Uint8Array>, endpoint: string): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MOST) {
      throw new UserError(`${endpoint} answers at too great length`, "NETWORK");
    }
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${endpoint} does not answer as a Hugging Face hub does`, "NETWORK");
  }
}

/** What a Link header says, if it leads to the same hub. */
function nextPage(headers: Headers, endpoint: string): string | undefined {
  const link = headers.get("link")?.match(/<([^>]+)>;\s*rel="next"/)?.[1];
  const next = link === undefined ? null : URL.parse(link, endpoint);
  if (next === null) return undefined;
  if (next.origin === new URL(endpoint).origin) return next.pathname + next.search;
  throw new UserError(
    `${endpoint} continues its list on another server: ${next.origin}`,
    "NETWORK",
  );
}

function explained(error: UserError, name: string): UserError {
  if (error.code !== "PERMISSION" && error.code !== "NOT_FOUND") return error;
  return new UserError(
    `${name}: there is no such data set or revision, or it is private or gated; if so, ask for ` +
      "access there and set HF_TOKEN",
    "NOT_FOUND",
  );
}
