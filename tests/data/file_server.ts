/** A request, as far as it matters. */
export interface FileRequest {
  /** For example GET. */
  method: string;
  /** With its query. */
  path: string;
  /** By lower-case name. */
  headers: Map<string, string>;
  /** The number of requests before it. */
  number: number;
}

/** An answer, true or not. */
export interface Reply {
  /** @default 200 */
  status?: number;
  headers?: Record<string, string>;
  body?: Uint8Array | string;
  /** The number of bytes that it claims to send; undefined for the truth, null to claim none. */
  length?: number | null;
  /** How many of the bytes it does send. */
  cut?: number;
  /** Sends the body a byte at a time, with so many milliseconds in between. */
  pause?: number;
  /** Falls silent instead of closing the connection. */
  stall?: boolean;
}

/** An HTTP server that can misbehave: it answers as it is told and closes the connection. */
export class FileServer implements AsyncDisposable {
  readonly url: string;
  /** The requests so far, as `path range if-range`. */
  readonly requests: string[] = [];
  /** The number of bytes that were sent, or wait to be taken. */
  sent = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections = new Set<Deno.Conn>();
  readonly #closed: Promise<void>;

  constructor(readonly respond: (request: FileRequest) => Reply) {
    this.url = `http://127.0.0.1:${this.#listener.addr.port}`;
    this.#closed = this.#accept();
  }

  async #accept(): Promise<void> {
    const served: Promise<void>[] = [];
    for await (const connection of this.#listener) served.push(this.#serve(connection));
    await Promise.all(served);
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    this.#connections.add(connection);
    try {
      const reply = this.respond(await this.#read(connection));
      await this.#write(connection, reply);
      if (reply.stall) await connection.read(new Uint8Array(1)); // until the client gives up
    } catch (error) {
      const isGone = error instanceof Deno.errors.BrokenPipe ||
        error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BadResource ||
        error instanceof Deno.errors.Interrupted;
      if (!isGone) throw error;
    } finally {
      this.#close(connection);
    }
  }

  async #read(connection: Deno.Conn): Promise<FileRequest> {
    let text = "";
    const buffer = new Uint8Array(4096);
    while (!text.includes("\r\n\r\n")) {
      const count = await connection.read(buffer);
      if (count === null) throw new Deno.errors.ConnectionReset();
      text += new TextDecoder().decode(buffer.subarray(0, count));
    }
    const [first, ...lines] = text.trim().split("\r\n");
    const headers = new Map(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }));
    const [method, path] = first.split(" ");
    const parts = [path, headers.get("range"), headers.get("if-range")];
    const number = this.requests.push(parts.filter((part) => part).join(" ")) - 1;
    return { method, path, headers, number };
  }

  async #write(connection: Deno.Conn, reply: Reply): Promise<void> {
    const { status = 200, headers = {}, body = "", length, cut = Infinity } = reply;
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const lines = [`HTTP/1.1 ${status} Status`, "Connection: close"];
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    if (length !== null) lines.push(`Content-Length: ${length ?? bytes.length}`);
    const head = new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n");
    await this.#send(connection, head);
    const sent = bytes.subarray(0, cut);
    const step = reply.pause === undefined ? sent.length : 1;
    for (let at = 0; at < sent.length; at += step) {
      await this.#send(connection, sent.subarray(at, at + step));
      if (reply.pause !== undefined) {
        await new Promise((resolve) => setTimeout(resolve, reply.pause));
      }
    }
  }

  async #send(connection: Deno.Conn, part: Uint8Array): Promise<void> {
    for (let at = 0; at < part.length;) {
      const count = await connection.write(part.subarray(at));
      at += count;
      this.sent += count;
    }
  }

  #close(connection: Deno.Conn): void {
    if (this.#connections.delete(connection)) connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) this.#close(connection);
    await this.#closed;
  }
}

/** What an honest server answers that gives parts of its file. */
export function serveFile(
  { headers }: FileRequest,
  content: Uint8Array,
  etag = '"1"',
): Reply & { body: Uint8Array } {
  const range = headers.get("range")?.match(/^bytes=(\d+)-(\d*)$/);
  const condition = headers.get("if-range");
  if (!range || (condition !== undefined && condition !== etag)) {
    return { headers: { ETag: etag }, body: content };
  }
  const [start, end] = [
    Number(range[1]),
    Math.min(Number(range[2] || Infinity) + 1, content.length),
  ];
  if (start >= content.length) {
    const contentRange = `bytes */${content.length}`;
    return { status: 416, headers: { "Content-Range": contentRange }, body: new Uint8Array() };
  }
  return {
    status: 206,
    headers: { "ETag": etag, "Content-Range": `bytes ${start}-${end - 1}/${content.length}` },
    body: content.slice(start, end),
  };
}
