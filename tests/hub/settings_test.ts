import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { hubSettings } from "../../src/hub/settings.ts";

const NAMES = ["HF_HOME", "HF_ENDPOINT", "HF_TOKEN", "XDG_CACHE_HOME", "HOME", "USERPROFILE"];

/** What the settings are in an environment of these variables alone. */
function settingsIn(env: Record<string, string>) {
  const before = NAMES.map((name) => [name, Deno.env.get(name)] as const);
  for (const name of NAMES) Deno.env.delete(name);
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  try {
    return hubSettings();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

Deno.test("hub settings: from the environment", () => {
  const home = Deno.build.os === "windows" ? "USERPROFILE" : "HOME";
  assertEquals(settingsIn({ [home]: "/home/me" }), {
    endpoint: "https://huggingface.co",
    token: undefined,
    cache: "/home/me/.cache/huggingface/hub",
    http: {},
  });
  assertEquals(
    settingsIn({ [home]: "/home/me", XDG_CACHE_HOME: "/cache" }).cache,
    "/cache/huggingface/hub",
  );
  const all = { HF_HOME: "/hf", HF_ENDPOINT: "https://mirror.example/", HF_TOKEN: "secret" };
  const { endpoint, token, cache } = settingsIn({ ...all, XDG_CACHE_HOME: "/cache" });
  assertEquals([endpoint, token, cache], ["https://mirror.example", "secret", "/hf/hub"]);
});

Deno.test("hub settings: ~ is the home directory, as between quotes", () => {
  const home = { HOME: "/home/me", USERPROFILE: "/home/me" };
  const cacheOf = (env: Record<string, string>) => settingsIn({ ...home, ...env }).cache;
  assertEquals(cacheOf({ HF_HOME: "~/models" }), "/home/me/models/hub");
  assertEquals(cacheOf({ HF_HOME: "~" }), "/home/me/hub");
  assertEquals(cacheOf({ HF_HOME: "a/~" }), "a/~/hub");
  assertEquals(cacheOf({ XDG_CACHE_HOME: "~/cache" }), "/home/me/cache/huggingface/hub");
  for (const name of ["HF_HOME", "XDG_CACHE_HOME"]) {
    const message = (path: string) => `${name} is ${path}: write the directory out, without ~`;
    assertThrows(() => cacheOf({ [name]: "~you/x" }), UserError, message("~you/x"));
    assertThrows(() => settingsIn({ [name]: "~/x" }), UserError, message("~/x"));
  }
});

Deno.test("hub settings: white space around a token or an address does not count", () => {
  const settings = settingsIn({
    ...{ HOME: "/", USERPROFILE: "/" },
    ...{ HF_TOKEN: " secret\r\n", HF_ENDPOINT: "\thttps://mirror.example/ \n" },
  });
  assertEquals([settings.token, settings.endpoint], ["secret", "https://mirror.example"]);
  const blank = settingsIn({ HOME: "/", USERPROFILE: "/", HF_TOKEN: "\n", HF_ENDPOINT: " " });
  assertEquals([blank.token, blank.endpoint], [undefined, "https://huggingface.co"]);
  assertEquals(hubSettings({ token: "secret\n" }).token, "secret");
  for (const token of ["two words", "two\nlines", "sécret", "a\x1b[2J"]) {
    const error = assertThrows(() => settingsIn({ HOME: "/", HF_TOKEN: token }), UserError);
    assertEquals(
      error.message,
      "HF_TOKEN is no token: it has white space or other such characters in it",
    );
  }
});

Deno.test("hub settings: options come first", () => {
  assertEquals(hubSettings({ endpoint: "http://a", token: "b", home: "c", http: { tries: 1 } }), {
    endpoint: "http://a",
    token: "b",
    cache: "c/hub",
    http: { tries: 1 },
  });
});

Deno.test("hub settings: what cannot be is told", () => {
  for (
    const endpoint of ["mirror.example", "ftp://mirror.example", "file:///", "https://[", "http://"]
  ) {
    const error = assertThrows(() => settingsIn({ HOME: "/", HF_ENDPOINT: endpoint }), UserError);
    assertEquals(
      error.message,
      `HF_ENDPOINT is ${endpoint}, which is not an http(s):// address`,
    );
  }
  assertThrows(() => settingsIn({}), UserError, "there is no home directory");
});
