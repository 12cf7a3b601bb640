import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../src/errors.ts";
import { downloadModel } from "../../src/hub/model.ts";
import type { Reply } from "../data/file_server.ts";
import { concat, TempDir } from "../data/fixtures.ts";
import { COMMIT, HubServer } from "./hub_server.ts";
import { bytes, CONFIG, filesIn, HTTP, ID, INDEX, PARTS, single, WEIGHTS } from "./small_models.ts";

Deno.test("hub: a file is no larger than such a file can be", async () => {
  const endless = concat(bytes("7fffffff\r\n"), new Uint8Array(20_000_000));
  const chunked = { headers: { "Transfer-Encoding": "chunked" }, length: null, body: endless };
  /** The file; how the hub and the other server answer for it; the most bytes; GETs of it. */
  const cases: [string, string, (reply: Reply) => Reply, string, number][] = [
    ["config.json", "", (reply) => reply, "16,777,216", 0],
    ["model.safetensors", "1000000000000", (reply) => reply, "17,582,144", 0],
    ["model.safetensors", "1e9", () => chunked, "17,582,144", 1],
  ];
  for (const [file, size, disturb, most, requests] of cases) {
    const models = single();
    if (file === "config.json") models[ID].files[file] = new Uint8Array(2 ** 24 + 1).fill(32);
    await using server = new HubServer(models);
    await using temp = new TempDir();
    server.disguise = (headers) =>
      "X-Linked-Size" in headers ? { ...headers, "X-Linked-Size": size } : headers;
    server.disturb = disturb;
    const error = await assertRejects(
      () => downloadModel(ID, { endpoint: server.url, home: temp.path, http: HTTP }),
      UserError,
    );
    assertEquals(
      error.message,
      `${ID}/${file} has more than ${most} bytes, which no such file has`,
    );
    assertEquals(server.cdn.requests.length, requests);
    assertEquals(Object.keys(filesIn(temp.path)).filter((path) => /incomplete/.test(path)), []);
  }
});

Deno.test("hub: the parts of weights are no larger together than weights can be", async () => {
  const part = new Uint8Array(10_000_000);
  await using server = new HubServer({
    [ID]: {
      files: {
        ...{ "config.json": CONFIG, "model.safetensors.index.json": INDEX },
        ...{ [PARTS[0]]: part, [PARTS[1]]: part.slice().fill(1) },
      },
    },
  });
  await using temp = new TempDir();
  const error = await assertRejects(
    () => downloadModel(ID, { endpoint: server.url, home: temp.path, http: HTTP }),
    UserError,
  );
  assertEquals(
    error.message,
    `${ID}/${PARTS[1]} has more than 7,582,144 bytes, which no such file has`,
  );
});

Deno.test("hub: weights are not asked for if the configuration is of another model", async () => {
  const models = single();
  models[ID].files["config.json"] = bytes('{"model_type": "llama"}');
  await using server = new HubServer(models);
  await using temp = new TempDir();
  await assertRejects(
    () => downloadModel(ID, { endpoint: server.url, home: temp.path, http: HTTP }),
    UserError,
    'config.json: model_type is "llama", not "gpt2"',
  );
  assertEquals(server.cdn.requests, []);
});

Deno.test("hub: a token goes to the hub, and to no other server", async () => {
  await using server = new HubServer(single("secret"));
  await using temp = new TempDir();
  const options = { endpoint: server.url, home: temp.path, http: HTTP };
  const error = await assertRejects(() => downloadModel(ID, options), UserError);
  assertEquals(
    error.message,
    `${ID}/config.json: the hub answers 401 Unauthorized: there is no such model, or it is private ` +
      `or gated; if so, ask for access on ${server.url}/${ID} and set HF_TOKEN`,
  );
  assertEquals(filesIn(temp.path), {});
  await downloadModel(ID, { ...options, token: "secret" });
  assertEquals(server.authorized.sort(), [
    `hub GET /${ID}/resolve/main/config.json`,
    ...[
      ...["added_tokens.json", "merges.txt", "model.safetensors", "special_tokens_map.json"],
      ...["tokenizer.json", "tokenizer_config.json", "vocab.json"],
    ].map((file) => `hub HEAD /${ID}/resolve/${COMMIT}/${file}`),
    `hub HEAD /${ID}/resolve/main/config.json`,
  ]);
});

Deno.test("hub: it redirects to no file of this machine, and to nowhere", async () => {
  for (const location of ["file:///dev/zero", "http://["]) {
    await using server = new HubServer(single());
    await using temp = new TempDir();
    server.disguise = (headers) =>
      "Location" in headers ? { ...headers, Location: location } : headers;
    const error = await assertRejects(
      () => downloadModel(ID, { endpoint: server.url, home: temp.path, http: HTTP }),
      UserError,
      `${ID}/model.safetensors: the server redirects to `,
    );
    assertMatch(error.message, /^[^\n]*, which is no web address$/);
    assertEquals(Object.keys(filesIn(temp.path)).filter((path) => path.includes(".safe")), []);
  }
});

Deno.test("hub: what is not there is told", async () => {
  const lacking: [Record<string, Uint8Array>, string][] = [
    [{}, "there is no model someone/gpt2 with a config.json on URL"],
    [{ "config.json": CONFIG }, "someone/gpt2 has no weights as safetensors on URL"],
    [
      { "config.json": CONFIG, "model.safetensors.index.json": INDEX, [PARTS[0]]: WEIGHTS },
      `someone/gpt2 has no ${PARTS[1]}, which its model.safetensors.index.json lists`,
    ],
  ];
  for (const [files, message] of lacking) {
    await using server = new HubServer({ [ID]: { files } });
    await using temp = new TempDir();
    const error = await assertRejects(
      () => downloadModel(ID, { endpoint: server.url, home: temp.path, http: HTTP }),
      UserError,
    );
    assertEquals(error.message, message.replace("URL", server.url));
  }
});

Deno.test("hub: a server cannot choose where files are written", async () => {
  const evil: [string, string][] = [
    ["X-Repo-Commit", "../../../evil"],
    ["X-Repo-Commit", ""],
    ["ETag", '"../../evil"'],
    ["ETag", '""'],
  ];
  for (const [header, value] of evil) {
    await using server = new HubServer(single());
    await using temp = new TempDir();
    server.disguise = (headers) => ({ ...headers, [header]: value });
    const error = await assertRejects(
      () => downloadModel(ID, { endpoint: server.url, home: temp.path, http: HTTP }),
      UserError,
    );
    assertEquals(
      error.message,
      `${ID}/config.json: ${server.url} does not answer as a Hugging Face hub does`,
    );
    assertEquals(filesIn(temp.path), {});
  }
  const index = bytes(JSON.stringify({ weight_map: { a: "../../../../evil.safetensors" } }));
  await using server = new HubServer({
    [ID]: { files: { "config.json": CONFIG, "model.safetensors.index.json": index } },
  });
  await using temp = new TempDir();
  const home = `${temp.path}/a/b`;
  await assertRejects(
    () => downloadModel(ID, { endpoint: server.url, home, http: HTTP }),
    UserError,
    "which is not a safetensors file's name",
  );
  assertEquals(Object.keys(filesIn(temp.path)).filter((path) => path.includes("evil")), []);
});

Deno.test("hub: a server that is gone is told", async () => {
  await using temp = new TempDir();
  let url: string;
  {
    await using server = new HubServer(single());
    url = server.url;
  }
  const error = await assertRejects(
    () => downloadModel(ID, { endpoint: url, home: temp.path, http: { ...HTTP, tries: 2 } }),
    UserError,
  );
  assertEquals(
    error.message,
    `${ID}/config.json: gave up at byte 0 after 2 tries: cannot connect to ${url}`,
  );
});
