/** Serves the page and what it was bundled to, to this machine only. Argument: the port. */
const PAGE = new URL("index.html", import.meta.url);
const SCRIPT = new URL("../../.deno/browser/main.js", import.meta.url);

const [port = "8080"] = Deno.args;
if (port === "-h" || port === "--help") {
  console.log("Usage: ./run browser [PORT]\n");
  console.log("Serves a page that samples from a model and trains it, on the GPU of whoever");
  console.log("looks at it, to this machine only. PORT is 8080, or 0 for any that is free.");
  Deno.exit();
}
if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
  console.error(
    `error: the port must be a number up to 65535, as in ./run browser 8081, not '${port}'`,
  );
  Deno.exit(2);
}

try {
  Deno.serve({
    hostname: "127.0.0.1",
    port: Number(port),
    onListen: ({ port }) => console.log(`http://127.0.0.1:${port}/`),
  }, async ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/") return await file(PAGE, "text/html; charset=utf-8");
    if (pathname === "/main.js") return await file(SCRIPT, "text/javascript; charset=utf-8");
    return new Response("not found\n", { status: 404 });
  });
} catch (error) {
  if (!(error instanceof Deno.errors.AddrInUse)) throw error;
  console.error(`error: port ${port} is taken: name another one`);
  Deno.exit(1);
}

async function file(url: URL, type: string): Promise<Response> {
  return new Response(await Deno.readFile(url), { headers: { "content-type": type } });
}
