import { UserError } from "../errors.ts";
import { contentLength } from "../http/headers.ts";
import { answerOf, checkNotBusy, waitForNetwork } from "../http/network.ts";
import { followRedirects } from "../http/redirects.ts";
import { Retries } from "../http/retries.ts";
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
  settings: HubSettings,
): Promise<HubFile | undefined> {
  const { endpoint } = settings;
  const said: { commit?: string; etag?: string; size?: number } = {};
  const { origin } = new URL(start);
  const isHub = (address: string) => new URL(address).origin === origin;
  const { response, url } = await followRedirects(start, name, async (address) => {
    const response = await head(address, name, settings);
    const get = (header: string) => response.headers.get(header) ?? undefined;
    const linkedSize = get("x-linked-size");
    said.commit ??= get("x-repo-commit");
    said.etag ??= get("x-linked-etag");
    said.size ??= linkedSize && /^\d+$/.test(linkedSize) ? Number(linkedSize) : undefined;
    return response;
  }, isHub);
  if (isHub(url)) {
    if (response.status === 404) return undefined;
    checkStatus(response, name, `${endpoint}/${model}`);
    said.size ??= contentLength(response.headers);
  }
  const etag = said.etag ?? response.headers.get("etag") ?? "";
  const digest = etag.replace(/^(W\/)?"(.*)"$/, "$2");
  const { commit = "", size } = said;
  // They become names of files: nothing else is let through.
  if (!/^[\w-]+$/.test(digest) || !/^[0-9a-f]{40}$/.test(commit)) {
    throw new UserError(
      `${name}: ${endpoint} does not answer as a Hugging Face hub does`,
      "NETWORK",
    );
  }
  return { name, url, commit, etag: digest, size };
}

async function head(
  url: string,
  name: string,
  { token, http: { timeout } }: HubSettings,
): Promise<Response> {
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const controller = new AbortController();
  const send = async () => {
    const { signal } = controller;
    const response = await fetch(url, { method: "HEAD", headers, redirect: "manual", signal });
    await response.body?.cancel();
    return response;
  };
  const failure = () => `cannot connect to ${new URL(url).origin}`;
  return await waitForNetwork({ name, timeout, controller }, send, failure);
}

/** Lets the status 200 pass. */
function checkStatus(response: Response, name: string, page: string): void {
  const { status } = response;
  if (status === 200) return;
  const answer = answerOf(response, "the hub");
  checkNotBusy(response, answer);
  if (status === 401 || status === 403) {
    throw new UserError(
      `${name}: ${answer}: there is no such model, or it is private or gated; if so, ask for access ` +
        `on ${page} and set HF_TOKEN`,
      "NOT_FOUND",
    );
  }
  throw new UserError(`${name}: ${answer}`, "NETWORK");
}
