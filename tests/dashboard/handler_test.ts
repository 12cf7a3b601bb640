import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { requestHandler } from "../../src/dashboard/handler.ts";
import { Library } from "../../src/dashboard/library.ts";
import { TempDir } from "../data/fixtures.ts";

Deno.test("only those are answered who call this machine by its own name, or have the token", async () => {
  const library = new Library([], () => 0);
  const ask = async (token: string | undefined, path: string, host: string, method = "GET") => {
    const request = new Request(`http://x${path}`, { method, headers: { host } });
    const response = await requestHandler(library, token)(request);
    const policy = response.headers.get("content-security-policy")!;
    assertMatch(policy, /^default-src 'none'; script-src 'self'; /);
    assertEquals(/unsafe|data:/.test(policy), false);
    await response.body?.cancel();
    return response.status;
  };
  for (const host of ["127.0.0.1:6006", "localhost:7000", "localhost", "[::1]:1"]) {
    assertEquals(await ask(undefined, "/", host), 200);
  }
  for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil:80", ""]) {
    assertEquals(await ask(undefined, "/", host), 403);
  }
  assertEquals(await ask("abc", "/abc/", "10.0.0.1:6006"), 200);
  assertEquals(await ask("abc", "/abc/main.ts", "10.0.0.1:6006"), 200);
  for (const path of ["/", "/main.ts", "/ab/", "/events", "/abcd/", "/%61bd/"]) {
    assertEquals(await ask("abc", path, "10.0.0.1:6006"), 403);
  }
  assertEquals(await ask(undefined, "/", "localhost", "POST"), 405);
  const request = new Request("http://localhost", { headers: { host: "localhost:99999" } });
  const bad = new Proxy(request, {
    get: (target, name) =>
      name === "url" ? "http://localhost:99999/" : Reflect.get(target, name, target),
  });
  assertEquals((await requestHandler(library)(bad)).status, 400);
  assertEquals(await ask(undefined, "/../deno.json", "localhost"), 404);
  assertEquals(await ask(undefined, "/samples?id=0/none", "localhost"), 404);
});

Deno.test("what there is and what is new of curves is pushed", async () => {
  await using directory = new TempDir();
  await directory.write("run/metrics.jsonl", '{"step":1,"tokens":2,"loss":3}\n');
  const library = new Library([await Deno.realPath(directory.path)], () => 0);
  const headers = { host: "localhost" };
  const request = new Request("http://localhost/events?run=0/run&run=0/none", { headers });
  const response = await requestHandler(library)(request);
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => (await reader.read()).value!;
  assertStringIncludes(await next(), '"name":"run"');
  const first =
    '{"id":"0/run","reset":false,"fields":{"loss":{"from":0,"buckets":[[1,2,null,3,3,3]],"size":1}}}';
  assertEquals(await next(), `event: series\ndata: ${first}\n\n`);
  await Deno.writeTextFile(
    `${directory.path}/run/metrics.jsonl`,
    '{"step":2,"tokens":4,"loss":2}\n',
    {
      append: true,
    },
  );
  assertMatch(await next(), /^event: contents\n/);
  assertStringIncludes(
    await next(),
    '"fields":{"loss":{"from":1,"buckets":[[2,4,null,2,2,2]],"size":1}}',
  );
  await reader.cancel();
});

Deno.test("a part of a long run is read again with all its points, and bad ranges are refused", async () => {
  await using directory = new TempDir();
  const line = (_: unknown, i: number) => {
    const place = { step: i + 1, tokens: 10 * (i + 1), seconds: (i + 1) / 2 };
    return JSON.stringify({ ...place, loss: i + 1, ...i % 20_000 === 0 && { skipped: true } }) +
      "\n";
  };
  await directory.write("run/metrics.jsonl", Array.from({ length: 50_000 }, line).join(""));
  const library = new Library([await Deno.realPath(directory.path)], () => 0);
  await library.look();
  const curves = library.curves("0/run")!;
  await curves.read();
  assertEquals(curves.series.fields.get("loss")!.size, 32);
  const handler = requestHandler(library);
  const ask = async (query: string, site = "same-origin") => {
    const headers = { host: "localhost", "sec-fetch-site": site };
    const response = await handler(
      new Request(`http://localhost/part?id=0/run&${query}`, { headers }),
    );
    return [response.status, await response.text()] as const;
  };
  for (const query of ["x=step&from=40001&to=41000", "x=seconds&from=20000.5&to=20500"]) {
    const { loss, skipped } = JSON.parse((await ask(query))[1]);
    assertEquals(
      loss.map(([step]: number[]) => step),
      Array.from({ length: 1000 }, (_, i) => 40_001 + i),
    );
    assertEquals(loss[0], [40_001, 400_010, 20_000.5, 40_001, 40_001, 40_001]);
    assertEquals([skipped[0][3], skipped.at(-1)[3]], [3, 3]); // and of those before
  }
  assertEquals(await ask("x=tokens&from=-1e300&to=9"), [200, "{}"]);
  const range = "from and to must be numbers, the first one less than the other\n";
  for (
    const ends of ["", "from=1", "from=2&to=1", "from=1&to=1", "from=a&to=2", "from=1&to=1e999"]
  ) {
    assertEquals(await ask(`x=step&${ends}`), [400, range]);
  }
  assertEquals(await ask("x=loss&from=1&to=2"), [400, "x must be step, tokens or seconds\n"]);
  assertEquals((await ask("x=step&from=1&to=2", "cross-site"))[0], 403);
  const none = new Request("http://localhost/part?id=0/../run&x=step&from=1&to=2", {
    headers: { host: "localhost" },
  });
  assertEquals((await handler(none)).status, 404);
  await assertRejects(() => curves.part({ x: "step", from: 1, to: 2 }, AbortSignal.abort()));
});
