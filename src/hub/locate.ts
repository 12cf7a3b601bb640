import { UserError } from "../errors.ts";
import { contentLength, Interruption, Retries } from "../http/http_request.ts";
import type { HubSettings } from "./settings.ts";

/** A file on a hub. */
export interface HubFile {
  /** What errors call it. */
  name: string;
  /** The address to download it from. */
  url: string;
  /** The version of the model that it is of. */
  commit: string;
  /** What names its content: a SHA-256 for large files, Git's name for others. */
  etag: string;
  /** In bytes, if the hub says. */
  size?: number;
}

const MAX_REDIRECTS = 10;
const TIMEOUT = 30_000;

/**
 * Asks a hub about a file of a model, without downloading it. Large files are elsewhere: the hub's
 * own answer, a redirection, says what they are.
 *
 * @param revision A branch or commit.
 * @returns undefined if there is no such model, or it has no such file.
 * @throws {UserError} If it may not be read, or the server is no hub.
 */
export async function locate(
  model: string,
  revision: string,
  file: string,
  settings: HubSettings,
): Promise<HubFile | undefined> {
  const name = `${model}/${file}`;
  const { http } = settings;
  const retries = new Retries(name, { ...http, tries: http.tries ?? 4 });
  const url = `${settings.endpoint}/${model}/resolve/${revision}/${file}`;
  for (;;) {
    try {
      return await ask(url, name, model, settings);
    } catch (error) {
      await retries.wait(error, 0);
    }
  }
}

async function ask(
  start: string,
  name: string,
  model: string,
  { endpoint, token, http }: HubSettings,
): Promise<HubFile | undefined> {
  const { origin } = new URL(start);
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const said: { commit?: string; etag?: string; size?: number } = {};
  let url = start;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await head(url, headers, name, http.timeout ?? TIMEOUT);
    const get = (header: string) => response.headers.get(header) ?? undefined;
    const linkedSize = get("x-linked-size");
    said.commit ??= get("x-repo-commit");
    said.etag ??= get("x-linked-etag");
    said.size ??= linkedSize === undefined ? undefined : Number(linkedSize);
    const next = get("location");
    if (response.status >= 300 && response.status < 400 && next !== undefined) {
      url = new URL(next, url).href;
      if (new URL(url).origin === origin) continue;
    } else {
      if (response.status === 404) return undefined;
      checkStatus(response, name, `${endpoint}/${model}`);
      said.size ??= contentLength(response.headers);
    }
    const etag = (said.etag ?? get("etag"))?.replace(/^(W\/)?"(.*)"$/, "$2");
    const { commit, size } = said;
    // They become names of files: nothing else is let through.
    if (!/^[\w-]+$/.test(etag ?? "") || !/^[0-9a-f]{40}$/.test(commit ?? "")) {
      throw new UserError(`${name}: ${endpoint} does not answer as a Hugging Face hub does`);
    }
    return { name, url, commit: commit!, etag: etag!, size };
  }
  throw new UserError(`${name}: the server redirects more than ${MAX_REDIRECTS} times`);
}

async function head(
  url: string,
  headers: Record<string, string>,
  name: string,
  timeout: number,
): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(timeout);
    const response = await fetch(url, { method: "HEAD", headers, redirect: "manual", signal });
    await response.body?.cancel();
    return response;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new UserError(`${name}: Deno may not use the network; run it with --allow-net`);
    }
    if (error instanceof DOMException && error.name === "TimeoutError") {
      throw new Interruption(`the server sent nothing for ${timeout / 1000} s`);
    }
    throw new Interruption(`cannot connect to ${new URL(url).origin}`);
  }
}

function checkStatus(
  { status, statusText, headers }: Response,
  name: string,
  page: string,
): void {
  const answer = `the hub answers ${status} ${statusText}`.trimEnd();
  if (status === 200) return;
  if (status === 408 || status === 429 || status >= 500) {
    throw new Interruption(answer, 1000 * (Number(headers.get("retry-after")) || 0));
  }
  if (status === 401 || status === 403) {
    throw new UserError(
      `${name}: ${answer}: there is no such model, or it is private or gated; if so, ask for access ` +
        `on ${page} and set HF_TOKEN`,
    );
  }
  throw new UserError(`${name}: ${answer}`);
}
