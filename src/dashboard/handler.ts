import { ASSETS } from "./assets.ts";
import { eventStream } from "./events.ts";
import type { Library } from "./library.ts";

/** Nothing but what this server sends is loaded, and no script or style in a page's text is run. */
const POLICY = [
  "default-src 'none'",
  ...["script-src", "style-src", "img-src", "connect-src"].map((kind) => `${kind} 'self'`),
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** Names by which a browser on this machine, or at the other end of a tunnel, calls this server. */
const LOCAL = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/**
 * Answers the page's requests.
 *
 * @param token The first part of each address; without one, only those who call this machine by a
 * name of its own are answered, so that no other site's script can.
 */
export function requestHandler(
  library: Library,
  token?: string,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== "GET") return refuse(405, "this server only reads");
    if (token === undefined && !LOCAL.test(request.headers.get("host") ?? "")) {
      return refuse(403, "call this server 127.0.0.1 or localhost");
    }
    const url = new URL(request.url);
    const prefix = token === undefined ? "/" : `/${token}/`;
    if (!url.pathname.startsWith(prefix)) return refuse(403, "the address lacks its token");
    const path = url.pathname.slice(prefix.length);
    const asset = ASSETS.get(path);
    if (asset) return respond(asset.body, asset.type);
    if (path === "events") {
      return respond(eventStream(library, url.searchParams.getAll("run")), "text/event-stream");
    }
    const id = url.searchParams.get("id") ?? "";
    const found = path === "samples"
      ? await library.samples(id)
      : path === "comparison"
      ? await library.comparison(id)
      : undefined;
    if (found === undefined) return refuse(404, "there is no such thing here");
    return respond(JSON.stringify(found), "application/json");
  };
}

function respond(body: BodyInit, type: string): Response {
  return new Response(body, { headers: { ...HEADERS, "content-type": type } });
}

function refuse(status: number, why: string): Response {
  return new Response(`${why}\n`, {
    status,
    headers: { ...HEADERS, "content-type": "text/plain" },
  });
}
