import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
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
    '{"id":"0/run","reset":false,"fields":{"loss":{"from":0,"buckets":[[1,2,null,3,3,3]]}}}';
  assertEquals(await next(), `event: series\ndata: ${first}\n\n`);
  await Deno.writeTextFile(
    `${directory.path}/run/metrics.jsonl`,
    '{"step":2,"tokens":4,"loss":2}\n',
    {
      append: true,
    },
  );
  assertMatch(await next(), /^event: contents\n/);
  assertStringIncludes(await next(), '"fields":{"loss":{"from":1,"buckets":[[2,4,null,2,2,2]]}}');
  await reader.cancel();
});
