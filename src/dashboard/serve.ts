import { UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { requestHandler } from "./handler.ts";
import { Library } from "./library.ts";
import type { TextReader } from "./model_reader.ts";

/** Which directories a page shows, and where. */
export interface DashboardOptions {
  /** Directories of runs, or above such, from {@linkcode runsRoot}; they may be made later. */
  roots: readonly string[];
  /** The address to listen at; another than this machine's own demands a token. @default 127.0.0.1 */
  host?: string;
  /** 0 for any that is free. */
  port: number;
  /** Reads texts with the runs' checkpoints. @default nothing does */
  reader?: TextReader;
  /** A clock, in milliseconds since 1970. @default Date.now */
  now?: () => number;
}

/** A page that is being served. */
export interface Dashboard extends AsyncDisposable {
  /** Where the page is, its token included. */
  readonly address: string;
  /** Resolves when it is served no more. */
  readonly finished: Promise<void>;
}

/**
 * Serves a page on runs, which it only reads.
 *
 * @throws {UserError} If the port is taken, or there is no such host.
 */
export function serveDashboard(options: DashboardOptions): Dashboard {
  const { roots, host = "127.0.0.1", port, reader, now = Date.now } = options;
  const isLocal = host === "127.0.0.1" || host === "::1" || host === "localhost";
  const token = isLocal ? undefined : crypto.randomUUID().replaceAll("-", "");
  const handler = requestHandler(new Library(roots, now), token, reader);
  const stop = new AbortController();
  const server = listen(host, port, stop.signal, handler);
  const name = host.includes(":") ? `[${host}]` : host;
  const prefix = token === undefined ? "" : `${token}/`;
  return {
    address: `http://${name}:${server.addr.port}/${prefix}`,
    finished: server.finished,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}

function listen(
  hostname: string,
  port: number,
  signal: AbortSignal,
  handler: (request: Request) => Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    const onError = () => new Response("this cannot be answered now\n", { status: 500 });
    return Deno.serve({ hostname, port, signal, onListen() {}, onError }, handler);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new UserError(`port ${port} is in use: choose another one with --port`, "EXISTS");
    }
    if (error instanceof Error && /lookup address/.test(error.message)) {
      throw new UserError(`--host ${hostname}: there is no such address`, "OTHER");
    }
    throw fileError(error, `${hostname}:${port}: cannot listen`);
  }
}

/**
 * A directory's absolute path without links.
 *
 * @throws {UserError} If there is none, or it cannot be read.
 */
export async function runsRoot(path: string): Promise<string> {
  try {
    const root = await Deno.realPath(path);
    if ((await Deno.stat(root)).isDirectory) return root;
  } catch (error) {
    throw fileError(error, `${path}: cannot read`);
  }
  throw new UserError(`${path} is no directory`, "NOT_FOUND");
}
