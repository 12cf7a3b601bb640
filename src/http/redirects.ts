import { UserError } from "../errors.ts";

const MAX_REDIRECTS = 10;

/** The last response of a request that may have been redirected. */
export interface Redirected {
  response: Response;
  /** The address that it is from, or that a redirect which was not followed leads to. */
  url: string;
}

/**
 * Sends a request, and again to where the server redirects to. The bodies of redirects are dropped.
 *
 * @param name What errors call what is asked for.
 * @param send Sends the request to an address, without following redirects.
 * @param isFollowed Whether to send it to an address that the server redirects to. @default to any
 * @throws {UserError} If there are too many redirects, or one leads off the web.
 */
export async function followRedirects(
  start: string,
  name: string,
  send: (url: string) => Promise<Response>,
  isFollowed: (url: string) => boolean = () => true,
): Promise<Redirected> {
  let url = start;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await send(url);
    const next = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || next === null) return { response, url };
    await response.body?.cancel();
    const { protocol, href } = new URL(next, url);
    if (protocol !== "http:" && protocol !== "https:") {
      throw new UserError(
        `${name}: the server redirects to ${href}, which is no web address`,
        "NETWORK",
      );
    }
    url = href;
    if (!isFollowed(url)) return { response, url };
  }
  throw new UserError(`${name}: the server redirects more than ${MAX_REDIRECTS} times`, "NETWORK");
}
