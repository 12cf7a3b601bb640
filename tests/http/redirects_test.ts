import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { followRedirects } from "../../src/http/redirects.ts";
import { request } from "../../src/http/request.ts";
import { FileServer } from "../data/file_server.ts";

/** Follows redirects from the first address to each of the others in turn; returns the last. */
async function follow(start: string, ...locations: string[]): Promise<string> {
  const { url } = await followRedirects(start, "a file", () => {
    const location = locations.shift();
    const headers: HeadersInit = location === undefined ? {} : { location };
    return Promise.resolve(
      new Response(null, { status: location === undefined ? 200 : 302, headers }),
    );
  });
  return url;
}

/** Why redirects are not followed. */
async function refusal(start: string, ...locations: string[]): Promise<string> {
  const { message } = await assertRejects(() => follow(start, ...locations), UserError);
  return message;
}

Deno.test("a redirect leads nowhere but to the web, at any hop", async () => {
  for (const before of [[], ["/b"], ["https://c.example/", "/d"]]) {
    const refused = (location: string) => refusal("https://a.example/", ...before, location);
    const cases = [
      ["file:///dev/zero", "file:///dev/zero"],
      ["data:,x", "data:,x"],
      ["blob:https://a.example/1", "blob:https://a.example/1"],
      ["https://[", '"https://["'],
      ["//a:b:c", '"//a:b:c"'],
    ];
    for (const [location, told] of cases) {
      assertEquals(
        await refused(location),
        `a file: the server redirects to ${told}, which is no web address`,
      );
    }
  }
});

Deno.test("a redirect leads from https to http only where http was asked for", async () => {
  const told = "which others can read and change on the way";
  assertEquals(
    await refusal("https://a.example/", "http://a.example/"),
    `a file: the server redirects to http://a.example/, ${told}`,
  );
  assertEquals(
    await refusal("https://a.example/", "https://b.example/", "http://c.example/"),
    `a file: the server redirects to http://c.example/, ${told}`,
  );
  assertEquals(await follow("http://a.example/", "/b"), "http://a.example/b");
  assertEquals(
    await follow("http://a.example/", "https://a.example/", "http://b.example/"),
    "http://b.example/",
  );
});

Deno.test("a secret does not come back with a redirect from another server", async () => {
  const seen: string[] = [];
  await using home: FileServer = new FileServer(({ path, headers }) => {
    seen.push(`${path} ${headers.get("authorization")}`);
    if (path === "/back") return { body: "x" };
    return { status: 302, headers: { Location: path === "/a" ? "/b" : `${other.url}/c` } };
  });
  await using other: FileServer = new FileServer(({ path, headers }) => {
    seen.push(`${path} ${headers.get("authorization")}`);
    return { status: 302, headers: { Location: `${home.url}/back` } };
  });
  const response = await request(`${home.url}/a`, "a file", {}, { authorization: "Bearer me" });
  response.close();
  assertEquals(seen, ["/a Bearer me", "/b Bearer me", "/c undefined", "/back undefined"]);
});
