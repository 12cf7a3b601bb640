import { ASSETS } from "./assets.ts";
import { UserError } from "../errors.ts";
import { eventStream } from "./events.ts";
import type { Library } from "./library.ts";
import type { RunCurves } from "./curves.ts";
import type { Range } from "./series.ts";
import type { TextReader } from "./model_reader.ts";

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
 * @param reader Reads texts with models; without it, nothing does.
 */
export function requestHandler(
  library: Library,
  token?: string,
  reader?: TextReader,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== "GET") return refuse(405, "this server only reads", { allow: "GET" });
    if (token === undefined && !LOCAL.test(request.headers.get("host") ?? "")) {
      return refuse(403, "call this server 127.0.0.1 or localhost");
    }
    const url = URL.parse(request.url);
    if (!url) return refuse(400, "this is no address");
    const prefix = token === undefined ? "/" : `/${token}/`;
    if (!url.pathname.startsWith(prefix)) return refuse(403, "the address lacks its token");
    const path = url.pathname.slice(prefix.length);
    const asset = ASSETS.get(path);
    if (asset) return respond(asset.body, asset.type);
    if (path === "events") {
      return respond(eventStream(library, url.searchParams.getAll("run")), "text/event-stream");
    }
    const id = url.searchParams.get("id") ?? "";
    if (path === "reading" || path === "attention" || path === "part") {
      const site = request.headers.get("sec-fetch-site") ?? "same-origin";
      if (site !== "same-origin") return refuse(403, "only the page itself may ask this");
      return path === "part"
        ? answerPart(library, url.searchParams)
        : await answerReading(library, reader, path, url.searchParams);
    }
    const found = path === "samples"
      ? await library.samples(id)
      : path === "comparison"
      ? await library.comparison(id)
      : undefined;
    if (found === undefined) return refuse(404, "there is no such thing here");
    return respond(JSON.stringify(found), "application/json");
  };
}

/** A part of a run's curves as finely as there is, which is work that no other site may cause. */
function answerPart(library: Library, asked: URLSearchParams): Response {
  const x = (["step", "tokens", "seconds"] as const).find((x) => x === asked.get("x"));
  if (!x) return refuse(400, "x must be step, tokens or seconds");
  const [from, to] = ["from", "to"].map((name) => Number(asked.get(name) || NaN));
  if (!(Number.isFinite(from) && Number.isFinite(to) && from < to)) {
    return refuse(400, "from and to must be numbers, the first one less than the other");
  }
  const curves = library.curves(asked.get("id") ?? "");
  if (!curves) return refuse(404, "there is no such run");
  return respond(partStream(curves, { x, from, to }), "application/json");
}

/** The part as JSON, which is not read on when the user has moved on. */
function partStream(curves: RunCurves, range: Range): ReadableStream<Uint8Array> {
  const stop = new AbortController();
  return new ReadableStream({
    async pull(controller) {
      const { fields } = await curves.part(range, stop.signal);
      const buckets = Array.from(fields, ([name, { buckets }]) => [name, buckets]);
      controller.enqueue(new TextEncoder().encode(JSON.stringify(Object.fromEntries(buckets))));
      controller.close();
    },
    cancel: () => stop.abort(),
  });
}

/** What a model makes of a text, which is work too. */
async function answerReading(
  library: Library,
  reader: TextReader | undefined,
  path: "reading" | "attention",
  asked: URLSearchParams,
): Promise<Response> {
  if (!reader) return refuse(404, "nothing reads texts here");
  const number = (name: string) => Number(asked.get(name) ?? NaN);
  try {
    const directory = await library.checkpoint(asked.get("id") ?? "", number("step"));
    if (directory === undefined) return refuse(404, "there is no such checkpoint");
    const text = asked.get("text") ?? "";
    const found = path === "reading"
      ? await reader.read(directory, text)
      : await reader.attention(directory, text, number("layer"), number("head"));
    return found === undefined
      ? refuse(404, "there is no such head")
      : respond(JSON.stringify(found), "application/json");
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return refuse(422, error.message);
  }
}

function respond(body: BodyInit, type: string): Response {
  return new Response(body, { headers: { ...HEADERS, "content-type": type } });
}

function refuse(status: number, why: string, headers: Record<string, string> = {}): Response {
  return new Response(`${why}\n`, {
    status,
    headers: { ...HEADERS, "content-type": "text/plain", ...headers },
  });
}
