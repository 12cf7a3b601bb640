import { assertEquals } from "@std/assert";
import { writeCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { requestHandler } from "../../src/dashboard/handler.ts";
import { Library } from "../../src/dashboard/library.ts";
import { ModelReader } from "../../src/dashboard/model_reader.ts";
import { Gpu } from "../../src/gpu/gpu.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { encode } from "../../src/tokens/tokenizer.ts";
import { compactVocabulary } from "../../src/tokens/vocabulary.ts";
import { TempDir } from "../data/fixtures.ts";

Deno.test("a text is read with a run's checkpoint, for the page and nobody else", async () => {
  await using directory = new TempDir();
  await directory.write("run/metrics.jsonl", "");
  const step = `${directory.path}/run/checkpoints/step-000005`;
  await Deno.mkdir(step, { recursive: true });
  const vocabulary = compactVocabulary(encode("the quiet moon"));
  {
    using gpu = await Gpu.open();
    const shape = { layers: 2, heads: 2, width: 8, context: 6 };
    using model = await Gpt2.create(gpu, shape, { vocabulary, seed: 1 });
    await writeCheckpoint(model, step, model.weights, (tensor) => gpu.read(tensor));
  }
  const library = new Library([await Deno.realPath(directory.path)], () => 0);
  await library.look();
  await using reader = new ModelReader({}, 300);
  const handler = requestHandler(library, undefined, reader);
  const ask = async (path: string, site = "same-origin") => {
    const headers = { host: "localhost", "sec-fetch-site": site };
    const response = await handler(new Request(`http://localhost/${path}`, { headers }));
    return [response.status, await response.text()] as const;
  };
  const query = "id=0/run&step=5&text=the quiet moon";
  const config = await Deno.readTextFile(`${step}/config.json`);
  await Deno.writeTextFile(`${step}/config.json`, "{}");
  assertEquals((await ask(`reading?${query}`))[0], 422);
  await Deno.writeTextFile(`${step}/config.json`, config);
  const [status, text] = await ask(`reading?${query}`);
  const { tokens, next, layers, heads } = JSON.parse(text);
  assertEquals([status, layers, heads, next.length], [200, 2, 2, 10]);
  assertEquals(tokens.map(({ text }: { text: string }) => text), ["the", " quiet", " moon"]);
  const rows = JSON.parse((await ask(`attention?${query}&layer=1&head=0`))[1]);
  assertEquals(rows.map((row: number[]) => row.length), [4, 4, 4, 4]);
  assertEquals(rows[0], [1, 0, 0, 0]);
  assertEquals((await ask(`attention?${query}&layer=2&head=0`))[0], 404);
  assertEquals((await ask(`reading?${query.replace("5", "6")}`))[0], 404);
  assertEquals((await ask(`reading?${query}`, "cross-site"))[0], 403);

  assertEquals(reader.isOpen, true);
  while (reader.isOpen) await new Promise((resolve) => setTimeout(resolve, 10));

  await Deno.remove(`${step}/config.json`);
  await Deno.symlink("/etc/hostname", `${step}/config.json`);
  assertEquals((await ask(`reading?${query}`))[0], 404);
});
