import { UserError } from "../errors.ts";
import { quote } from "../quote.ts";

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
 * @param start An http:// or https:// address.
 * @param name What errors call what is asked for.
 * @param send Sends the request to an address, without following redirects.
 * @param isFollowed Whether to send it to an address that the server redirects to. @default to any
 * @throws {UserError} If there are too many redirects, or one leads nowhere, off the web, or from
 * https:// to where others can listen.
 */
export async function followRedirects(
  start: string,
  name: string,
  send: (url: string) => Promise<Response>,
  isFollowed: (url: string) => boolean = () => true,
): Promise<Redirected> {
  const isPrivate = new URL(start).protocol === "https:";
  let url = start;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await send(url);
    const next = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || next === null) return { response, url };
    await response.body?.cancel();
    url = resolveRedirect(next, url, name, isPrivate);
    if (!isFollowed(url)) return { response, url };
  }
  throw new UserError(`${name}: the server redirects more than ${MAX_REDIRECTS} times`, "NETWORK");
}

/** The address that a redirect from `url` leads to, if it may be asked. */
function resolveRedirect(location: string, url: string, name: string, isPrivate: boolean): string {
  const target = URL.parse(location, url);
  const isWeb = target?.protocol === "https:" || target?.protocol === "http:";
  if (target && isWeb && !(isPrivate && target.protocol === "http:")) return target.href;
  const why = isWeb ? "which others can read and change on the way" : "which is no web address";
  const where = target?.href ?? quote(location);
  throw new UserError(`${name}: the server redirects to ${where}, ${why}`, "NETWORK");
}
