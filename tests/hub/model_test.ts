import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { readCheckpointConfig } from "../../src/checkpoint/checkpoint.ts";
import { TOKENIZER_FILES } from "../../src/checkpoint/formats/tokenizer_source.ts";
import { configToJson } from "../../src/checkpoint/formats/checkpoint_config.ts";
import { UserError } from "../../src/errors.ts";
import { downloadModel, isHubId } from "../../src/hub/model.ts";
import { concat, TempDir } from "../data/fixtures.ts";
import { END, smallFiles, smallTokenizer } from "../tokens/small_tokenizer.ts";
import { COMMIT, gitName, HubServer, sha256 } from "./hub_server.ts";
import {
  bytes,
  CONFIG,
  filesIn,
  HTTP,
  ID,
  INDEX,
  MODEL,
  PARTS,
  single,
  WEIGHTS,
} from "./small_models.ts";

Deno.test("hub: a model is downloaded once, into Hugging Face's layout", async () => {
  await using server = new HubServer(single());
  await using temp = new TempDir();
  const options = { endpoint: `${server.url}/`, home: temp.path, http: HTTP };
  const progress: [string, number, number | undefined][] = [];
  const directory = await downloadModel(ID, {
    ...options,
    onProgress: (...all) => progress.push(all),
  });
  const cache = "hub/models--someone--gpt2";
  assertEquals(directory, `${temp.path}/${cache}/snapshots/${COMMIT}`);
  assertEquals(filesIn(temp.path), {
    ...Object.fromEntries(TOKENIZER_FILES.map((file) => {
      return [`${cache}/.no_exist/${COMMIT}/${file}`, 0];
    })),
    [`${cache}/blobs/${gitName(CONFIG)}`]: CONFIG.length,
    [`${cache}/blobs/${sha256(WEIGHTS)}`]: WEIGHTS.length,
    [`${cache}/refs/main`]: 40,
    [`${cache}/snapshots/${COMMIT}/config.json`]: CONFIG.length,
    [`${cache}/snapshots/${COMMIT}/model.safetensors`]: WEIGHTS.length,
  });
  assertEquals(await Deno.readFile(`${directory}/model.safetensors`), WEIGHTS);
  assertEquals(progress.at(-1), ["model.safetensors", WEIGHTS.length, WEIGHTS.length]);
  assert(progress.length > 3, "progress is told more than once");

  const requests = server.hub.requests.length;
  assertEquals(await downloadModel(ID, options), directory);
  assertEquals(server.hub.requests.length, requests, "what is there is not asked for again");
  await Deno.remove(`${directory}/model.safetensors`);
  assertEquals(await downloadModel(ID, options), directory);
  assertEquals(server.cdn.requests.length, 1, "nor is a blob");
});

Deno.test("hub: weights in parts", async () => {
  const [one, other] = [WEIGHTS.slice(0, 5000), WEIGHTS.slice(5000, 9000)];
  await using server = new HubServer({
    [ID]: {
      files: {
        "config.json": CONFIG,
        "model.safetensors.index.json": INDEX,
        [PARTS[0]]: one,
        [PARTS[1]]: other,
      },
    },
  });
  await using temp = new TempDir();
  const options = { endpoint: server.url, home: temp.path, http: HTTP };
  const directory = await downloadModel(ID, options);
  assertEquals(await Deno.readFile(`${directory}/${PARTS[0]}`), one);
  assertEquals(await Deno.readFile(`${directory}/${PARTS[1]}`), other);
  const requests = server.hub.requests.length;
  await downloadModel(ID, options);
  assertEquals(server.hub.requests.length, requests);
});

Deno.test("hub: a download goes on where it stopped, in this process or a later one", async () => {
  await using server = new HubServer(single());
  await using temp = new TempDir();
  const options = { endpoint: server.url, home: temp.path, http: HTTP };
  // Drops the connection after 100,000 bytes, then sends nothing any more.
  server.disturb = (reply, { number }) => ({ ...reply, cut: number === 0 ? 100_000 : 0 });
  const error = await assertRejects(() => downloadModel(ID, options), UserError);
  assertEquals(
    error.message.startsWith(`${ID}/model.safetensors: gave up at byte 100000 after 3 tries: `),
    true,
    error.message,
  );
  const incomplete = `hub/models--someone--gpt2/blobs/${sha256(WEIGHTS)}.incomplete`;
  assertEquals(filesIn(temp.path)[incomplete], 100_000);

  server.disturb = (reply, { number }) => ({ ...reply, cut: number % 2 === 0 ? Infinity : 50_000 });
  const before = server.cdn.requests.length;
  const directory = await downloadModel(ID, options);
  assertEquals(await Deno.readFile(`${directory}/model.safetensors`), WEIGHTS);
  assertEquals(
    server.cdn.requests.slice(before).every((request) => !/bytes=0-|1$/.test(request)),
    true,
    "only the rest is asked for",
  );
  assertEquals(filesIn(temp.path)[incomplete], undefined);
});

Deno.test("hub: what is there of a download is of use or no hindrance, whatever the server", async () => {
  const rest = `bytes=100000-${WEIGHTS.length - 1}`;
  /** The bytes that are there; whether the hub tells the size, the server gives parts; its requests. */
  const cases: [Uint8Array, boolean, boolean, string[]][] = [
    [WEIGHTS, false, true, ["bytes=300000-"]],
    [WEIGHTS.slice(0, 100_000), false, true, ["bytes=100000-"]],
    [concat(WEIGHTS, new Uint8Array(10)), false, true, ["bytes=300010-", ""]],
    [WEIGHTS, false, false, ["bytes=300000-", ""]],
    [WEIGHTS.slice(0, 100_000), true, false, [rest, ""]],
    [WEIGHTS.slice(0, 100_000), true, true, [rest]],
    [WEIGHTS, true, true, []],
  ];
  for (const [there, isSized, hasParts, expected] of cases) {
    await using server = new HubServer(single());
    await using temp = new TempDir();
    const size: Record<string, string> = isSized ? {} : { "X-Linked-Size": "" };
    server.disguise = (headers) => ({ ...headers, ...size });
    server.disturb = (reply) => hasParts ? reply : { body: WEIGHTS };
    const blobs = `${temp.path}/hub/models--someone--gpt2/blobs`;
    await Deno.mkdir(blobs, { recursive: true });
    await Deno.writeFile(`${blobs}/${sha256(WEIGHTS)}.incomplete`, there);
    const options = { endpoint: server.url, home: temp.path, http: HTTP };
    const directory = await downloadModel(ID, options);
    assertEquals(await Deno.readFile(`${directory}/model.safetensors`), WEIGHTS);
    const ranges = server.cdn.requests.map((request) => request.split(" ")[1] ?? "");
    assertEquals(ranges, expected);
  }
});

Deno.test("hub: a byte now and then is no download", async () => {
  await using server = new HubServer(single());
  await using temp = new TempDir();
  server.disturb = (reply) => ({ ...reply, pause: 10, cut: 1000 });
  const http = { ...HTTP, patience: 50 };
  const error = await assertRejects(
    () => downloadModel(ID, { endpoint: server.url, home: temp.path, http }),
    UserError,
  );
  assertMatch(
    error.message,
    /: gave up at byte \d+ after 3 tries: the server sent only \d+ bytes in \d+ s$/,
  );
});

Deno.test("hub: several processes may want the same model", async () => {
  await using server = new HubServer(single());
  await using temp = new TempDir();
  const options = { endpoint: server.url, home: temp.path, http: HTTP };
  const [one, other] = await Promise.all([downloadModel(ID, options), downloadModel(ID, options)]);
  assertEquals(one, other);
  assertEquals(await Deno.readFile(`${one}/model.safetensors`), WEIGHTS);
  assertEquals(server.cdn.requests.length, 1);
});

Deno.test("hub: a process that waited for a download that is damaged does its own", async () => {
  await using server = new HubServer(single());
  await using temp = new TempDir();
  const options = { endpoint: server.url, home: temp.path, http: HTTP };
  // The weights of the first process are not what the hub says; those of all later ones are.
  const wrong = new Uint8Array(WEIGHTS.length);
  server.disturb = (reply, { number }) => number === 0 ? { ...reply, body: wrong } : reply;
  const downloads = [1, 2, 3].map(() => downloadModel(ID, options));
  const outcomes = await Promise.allSettled(downloads);
  const failed = outcomes.filter(({ status }) => status === "rejected");
  assertEquals(failed.length, 1);
  assertMatch(
    String((failed[0] as PromiseRejectedResult).reason),
    /model.safetensors: the download is damaged: /,
  );
  const directory = `${temp.path}/hub/models--someone--gpt2`;
  assertEquals(await Deno.readFile(`${directory}/blobs/${sha256(WEIGHTS)}`), WEIGHTS);
  assertEquals(Object.keys(filesIn(temp.path)).filter((path) => /incomplete|copy/.test(path)), []);
  assertEquals(server.cdn.requests.length, 2, "who waited longest finds the work done");
});

Deno.test("hub: where files cannot be linked, they are copied", async () => {
  await using server = new HubServer(single());
  await using temp = new TempDir();
  const options = { endpoint: server.url, home: temp.path, http: HTTP };
  const { link } = Deno;
  Deno.link = () => Promise.reject(new Deno.errors.NotSupported("no links here"));
  try {
    const [one, other] = await Promise.all([1, 2].map(() => downloadModel(ID, options)));
    assertEquals(one, other);
    assertEquals(await Deno.readFile(`${one}/model.safetensors`), WEIGHTS);
    assertEquals((await Deno.stat(`${one}/model.safetensors`)).nlink, 1);
    assertEquals([...Deno.readDirSync(one)].length, 2);
  } finally {
    Deno.link = link;
  }
});

Deno.test("hub: a download that is damaged is thrown away", async () => {
  for (const file of ["config.json", "model.safetensors"]) {
    const wrong = "0".repeat(file === "config.json" ? 40 : 64);
    await using server = new HubServer(single());
    await using temp = new TempDir();
    const options = { endpoint: server.url, home: temp.path, http: HTTP };
    const header = file === "config.json" ? "ETag" : "X-Linked-Etag";
    server.disguise = (headers) =>
      header in headers ? { ...headers, [header]: `"${wrong}"` } : headers;
    const content = single()[ID].files[file as "config.json"];
    const found = file === "config.json" ? gitName(content) : sha256(content);
    const error = await assertRejects(() => downloadModel(ID, options), UserError);
    assertEquals(
      error.message,
      `${ID}/${file}: the download is damaged: its checksum is ${found}, not ${wrong}; try again`,
    );
    assertEquals(Object.keys(filesIn(temp.path)).filter((path) => path.includes(wrong)), []);
  }
  // A file that is longer than the hub says is not what it says.
  await using server = new HubServer(single());
  await using temp = new TempDir();
  server.disguise = (headers) => ({ ...headers, "X-Linked-Size": "1000" });
  await assertRejects(
    () => downloadModel(ID, { endpoint: server.url, home: temp.path, http: HTTP }),
    UserError,
  );
});

Deno.test("hub: a tokenizer of its own comes with the model", async () => {
  const small = smallFiles();
  const vocabularySize = Object.keys(smallTokenizer().ids).length;
  const config = configToJson({ model: { ...MODEL, vocabularySize } });
  const files = {
    "config.json": bytes(JSON.stringify({ ...config, eos_token_id: 0 })),
    "model.safetensors": WEIGHTS,
    ...Object.fromEntries(Object.entries(small).map(([name, text]) => [name, bytes(text)])),
  };
  await using server = new HubServer({ [ID]: { files } });
  await using temp = new TempDir();
  const directory = await downloadModel(ID, { endpoint: server.url, home: temp.path, http: HTTP });
  const { model, tokenizer } = await readCheckpointConfig(directory);
  assertEquals([model.vocabularySize, tokenizer?.endName], [vocabularySize, END]);
  assertEquals(Object.fromEntries(tokenizer!.files!), small);

  // Hugging Face's tools may have left the model there without it.
  for (const name of Object.keys(small)) await Deno.remove(`${directory}/${name}`);
  await Deno.remove(`${directory}/../../.no_exist`, { recursive: true });
  await downloadModel(ID, { endpoint: server.url, home: temp.path, http: HTTP });
  assertEquals((await readCheckpointConfig(directory)).tokenizer?.endName, END);
  const requests = server.hub.requests.length;
  await downloadModel(ID, { endpoint: server.url, home: temp.path, http: HTTP });
  assertEquals(server.hub.requests.length, requests);
});

Deno.test("hub: names of models", () => {
  for (const name of ["openai-community/gpt2", "a/b", "A1/b_c.d-e"]) assert(isHubId(name), name);
  const others = [
    "gpt2",
    "runs/a/b",
    "./runs",
    "../x",
    "/a/b",
    "a/",
    "a/..",
    "a--b/c",
    "a/.b",
    "a\\b",
  ];
  for (const name of [...others, "a/b ", "", "~/runs"]) assert(!isHubId(name), name);
});
