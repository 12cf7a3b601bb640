import { assert, assertEquals, assertRejects } from "@std/assert";
import { probe, readRemote, type RemoteRange } from "../../src/http/remote_file.ts";
import { UserError } from "../../src/errors.ts";
import { type FileRequest, FileServer, type Reply, serveFile } from "../data/file_server.ts";
import { concat } from "../data/fixtures.ts";

const content = Uint8Array.from({ length: 200_000 }, (_, i) => i * i % 251);
const FAST = { tries: 4, delay: 1, timeout: 200 };
const NAME = "http://host/a.jsonl";

/** Reads what the server sends; `seen` gets it as it comes, also if it fails then. */
async function read(
  server: FileServer,
  range: Partial<RemoteRange> = {},
  seen: Uint8Array[] = [],
): Promise<Uint8Array> {
  const options = { name: NAME, url: `${server.url}/a.jsonl`, ...range };
  for await (const chunk of readRemote(options, FAST)) seen.push(chunk);
  return concat(...seen);
}

/** The error with which reading from such a server fails, without the name. */
async function failure(
  respond: (request: FileRequest) => Reply,
  range?: Partial<RemoteRange>,
): Promise<string> {
  await using server = new FileServer(respond);
  const { message } = await assertRejects(() => read(server, range), UserError);
  assert(message.startsWith(NAME) && !message.includes("\n"), message);
  return message.slice(NAME.length);
}

Deno.test("readRemote reads a file, or a part of it", async () => {
  await using server = new FileServer((request) => serveFile(request, content));
  assertEquals(await read(server), content);
  assertEquals(await read(server, { size: content.length, version: '"1"' }), content);
  const part = { offset: 1000, size: 50_000, version: '"1"' };
  assertEquals(await read(server, part), content.slice(1000, 51_000));
  assertEquals(await read(server, { offset: 0, size: 0 }), new Uint8Array());
  assertEquals(server.requests, [
    ...["/a.jsonl", "/a.jsonl"],
    '/a.jsonl bytes=1000-50999 "1"',
  ]);
});

Deno.test("readRemote reads on where the connection was cut or stalled", async () => {
  for (const stall of [false, true]) {
    await using server = new FileServer((request) => {
      const reply = serveFile(request, content);
      return { ...reply, cut: 70_000, stall: stall && reply.body.length > 70_000 };
    });
    assertEquals(await read(server), content);
    assertEquals(server.requests, [
      "/a.jsonl",
      '/a.jsonl bytes=70000-199999 "1"',
      '/a.jsonl bytes=140000-199999 "1"',
    ]);
    const part = { offset: 10_000, size: 80_000, version: '"1"' };
    assertEquals(await read(server, part), content.slice(10_000, 90_000));
    assertEquals(server.requests.at(-1), '/a.jsonl bytes=80000-89999 "1"');
  }
});

Deno.test("readRemote tries again when a server is overloaded or silent, and gives up", async () => {
  const troubles: ((request: FileRequest) => Reply)[] = [
    () => ({ status: 500 }),
    () => ({ status: 503, headers: { "Retry-After": "0" } }),
    () => ({ status: 429 }),
    (request) => ({ ...serveFile(request, content), cut: 0, stall: true }),
    (request) => ({ ...serveFile(request, content), cut: 0 }),
  ];
  for (const trouble of troubles) {
    await using server = new FileServer((request) =>
      request.number % 3 < 2 ? trouble(request) : { ...serveFile(request, content), cut: 90_000 }
    );
    assertEquals(await read(server), content);
    assertEquals(server.requests.length, 9); // each success makes it patient anew
  }
  const gaveUp = ": gave up at byte 0 after 4 tries: ";
  assertEquals(
    await failure(() => ({ status: 500 })),
    `${gaveUp}the server answers 500 Internal Server Error`,
  );
  assertEquals(
    await failure(() => ({ stall: true, length: 10 })),
    `${gaveUp}the server sent nothing for 0.2 s`,
  );
  const silent = new FileServer(() => ({}));
  await silent[Symbol.asyncDispose]();
  const message = (await assertRejects(() => read(silent), UserError)).message;
  assertEquals(message, `${NAME}${gaveUp}Connection refused`);
});

Deno.test("readRemote says that a server cannot go on where it was cut", async () => {
  const message = await failure(() => ({ body: content, cut: 70_000, headers: { ETag: '"1"' } }));
  assertEquals(
    message,
    ": the connection was lost before byte 70000, and the server cannot go on from there " +
      "(no Range requests); download the file",
  );
  assertEquals(
    await failure(() => ({ body: content }), { offset: 0, size: 10 }),
    ": the server does not give parts of the file (no Range requests); download it",
  );
});

Deno.test("readRemote loses nothing of what came too slowly", async () => {
  const small = content.slice(0, 200);
  await using server = new FileServer((request) => {
    const reply = serveFile(request, small);
    return request.number === 0 ? { ...reply, pause: 10 } : reply;
  });
  const options = { ...FAST, timeout: 5000, patience: 50 };
  const range = { name: NAME, url: `${server.url}/a.jsonl` };
  assertEquals(concat(...await Array.fromAsync(readRemote(range, options))), small);
  assertEquals(server.requests.length, 2, "it is asked anew");
});

Deno.test("readRemote reads up to an end that it does not know before", async () => {
  // The whole file came in chunks, but not the one that says that it was the last.
  const { length } = content;
  const open = concat(
    new TextEncoder().encode(`${length.toString(16)}\r\n`),
    ...[content, new TextEncoder().encode("\r\n")],
  );
  await using server = new FileServer((request) => {
    if (request.number > 0) return serveFile(request, content);
    return { headers: { "Transfer-Encoding": "chunked" }, length: null, body: open };
  });
  assertEquals(await read(server), content);
  assertEquals(server.requests, ["/a.jsonl", `/a.jsonl bytes=${length}-`]);
  assertEquals(await read(server, { offset: 150_000 }), content.slice(150_000));
  assertEquals(await read(server, { offset: length }), new Uint8Array());
  const refused = ": the file on the server is no longer the one that was read up to byte 200001; ";
  const message = await failure((request) => serveFile(request, content), { offset: length + 1 });
  assertEquals(message, `${refused}start anew, or download it`);
});

Deno.test("readRemote says that a file has changed", async () => {
  const changed = (at: number) =>
    `: the file on the server is no longer the one that was read up to byte ${at}; ` +
    "start anew, or download it";
  const etag = ({ number }: FileRequest) => `"${number}"`;
  const cut = 70_000;
  assertEquals(
    await failure((request) => ({ ...serveFile(request, content, etag(request)), cut })),
    changed(cut),
  );
  // Without regard for If-Range.
  const careless = (request: FileRequest): Reply => {
    request.headers.delete("if-range");
    return { ...serveFile(request, content, etag(request)), cut };
  };
  assertEquals(await failure(careless), changed(cut));
  assertEquals(await failure(careless, { version: '"before"' }), changed(0));
  // Told by its length alone.
  const growing = (request: FileRequest): Reply => {
    const reply = serveFile(request, content.slice(0, 150_000 + request.number));
    return { ...reply, cut };
  };
  assertEquals(await failure(growing), changed(cut));
  assertEquals(await failure(growing, { size: 150_001 }), changed(0));
  // Now shorter than what was read.
  const shrinking = (request: FileRequest) =>
    request.number === 0
      ? { ...serveFile(request, content), cut }
      : serveFile(request, content.slice(0, 100));
  assertEquals(await failure(shrinking), changed(cut));
});

Deno.test("readRemote trusts no Content-Length that is wrong", async () => {
  // Always claims more than it has: nothing comes after the end.
  const lying = (request: FileRequest): Reply => {
    const { status, headers, body } = serveFile(request, content);
    return request.headers.has("range")
      ? { status: 206, headers: { "Content-Range": "bytes 200000-200009/200010" }, length: 10 }
      : { status, headers, body, length: 200_010 };
  };
  const message = await failure(lying);
  assert(message.startsWith(": gave up at byte 200000 after 4 tries: "), message);
  // Claims nothing, ends early, and tells the size when asked for a part.
  const vague = { length: null, cut: 70_000 };
  assertEquals(
    (await failure((request) => ({ ...serveFile(request, content), ...vague }), {
      size: 300_000,
    })).slice(0, 40),
    ": the file on the server is no longer th",
  );
  assertEquals(
    await failure(() => ({ body: content, length: null }), { size: 1000 }),
    ": the server sends more than the 1000 bytes it announced",
  );
});

Deno.test("readRemote says that another part came than it asked for", async () => {
  const body = "0123456789";
  for (const range of ["bytes 5-9/10", "bytes 0-9/10", "nonsense"]) {
    const message = await failure(
      () => ({ status: 206, headers: { "Content-Range": range }, body }),
      { offset: 2, size: 8 },
    );
    assertEquals(message, `: asked for bytes from 2, the server sends ${range}`);
  }
});

Deno.test("readRemote says at once what a server refuses", async () => {
  assertEquals(
    await failure(() => ({ status: 404 })),
    ": the server answers 404 Not Found; check the address",
  );
  for (const status of [401, 403]) {
    const message = await failure(() => ({ status }));
    assert(message.includes(`answers ${status}`) && message.includes("download"), message);
  }
  const packed = { headers: { "Content-Encoding": "gzip" }, body: "x" };
  assertEquals(
    await failure(() => packed),
    ": the server packs it anew (Content-Encoding: gzip)",
  );
});

Deno.test("readRemote follows redirects, but not for ever", async () => {
  await using server = new FileServer((request) =>
    request.path === "/b?key=1"
      ? { ...serveFile(request, content), cut: 150_000 }
      : { status: 302, headers: { Location: "/b?key=1" } }
  );
  assertEquals(await read(server), content);
  assertEquals(
    server.requests.slice(2),
    ["/a.jsonl", "/b?key=1"].map((path) => `${path} bytes=150000-199999 "1"`),
  );
  assertEquals(
    await failure(({ path }) => ({ status: 307, headers: { Location: path } })),
    ": the server redirects more than 10 times",
  );
});

Deno.test("readRemote follows no redirect off the web", async () => {
  assertEquals(
    await failure(() => ({ status: 302, headers: { Location: "file:///etc/hostname" } })),
    ": the server redirects to file:///etc/hostname, which is no web address",
  );
});

Deno.test("readRemote takes no text of unknown length, whose loss could not be seen", async () => {
  const unsized: Reply = { body: content, length: null };
  assertEquals(
    await failure(() => unsized),
    ": the server does not say how long the file is, so a lost connection would pass for its " +
      "end; download it",
  );
  await using server = new FileServer(() => unsized);
  const range = { name: NAME, url: server.url, endsItself: true };
  const chunks = await Array.fromAsync(readRemote(range));
  assertEquals(chunks.reduce((sum, { length }) => sum + length, 0), content.length);
});

Deno.test("readRemote reads no further ahead than asked, and ends the request", async () => {
  const large = new Uint8Array(50_000_000);
  await using server = new FileServer((request) => serveFile(request, large));
  const range = { name: NAME, url: server.url };
  for await (const chunk of readRemote(range, FAST)) {
    assert(chunk.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 300)); // longer than the time-out
    break;
  }
  assert(server.sent < 30e6, `${server.sent} bytes`); // most of it in the system's buffers
});

Deno.test("probe learns a file's size, its version, and whether there are parts of it", async () => {
  const respond: Record<string, (request: FileRequest) => Reply> = {
    "/parts": (request) => serveFile(request, content, 'W/"weak"'),
    "/whole": () => ({ body: content, headers: { "Last-Modified": "yesterday" } }),
    "/vague": () => ({ body: content, length: null }),
    "/empty": (request) => serveFile(request, new Uint8Array()),
    "/later": (request) => request.number === 4 ? { status: 503 } : { body: "now" },
    "/none": () => ({ status: 404 }),
    "/never": () => ({ status: 500 }),
  };
  await using server = new FileServer((request) => respond[request.path](request));
  const ask = (path: string) => probe(server.url + path, NAME, FAST);
  const size = content.length;
  assertEquals(await ask("/parts"), { size, version: 'W/"weak"', hasRanges: true });
  assertEquals(await ask("/whole"), { size, version: "yesterday", hasRanges: false });
  assertEquals(await ask("/vague"), { size: undefined, version: undefined, hasRanges: false });
  assertEquals(await ask("/empty"), { size: 0, version: undefined, hasRanges: true });
  assertEquals((await ask("/later")).size, 3);
  await assertRejects(() => ask("/none"), UserError, `${NAME}: the server answers 404`);
  await assertRejects(() => ask("/never"), UserError, `${NAME}: gave up at byte 0 after 4 tries`);
  assert(server.requests.every((request) => request.endsWith(" bytes=0-0")));
});
