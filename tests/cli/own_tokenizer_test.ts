import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { configToJson } from "../../src/checkpoint/formats/checkpoint_config.ts";
import { writeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { parameterTable } from "../../src/model/parameters.ts";
import { ODD, randomWeights } from "../model/helpers.ts";
import { ownVocabulary, smallFiles } from "../tokens/small_tokenizer.ts";
import { assertFails, corpusDirectory, runTask } from "./helpers.ts";

const { size: vocabularySize } = ownVocabulary();
const CONFIG = { ...ODD, bias: true, affine: true, vocabularySize };

Deno.test("a model with its own tokenizer is trained further, resumed, sampled and exported", async () => {
  await using directory = await corpusDirectory();
  const cwd = directory.path;
  const weights = randomWeights(CONFIG, 5);
  const { agd_gpt2: _, ...config } = configToJson({ model: CONFIG });
  await directory.write("own/config.json", JSON.stringify({ ...config, eos_token_id: 0 }));
  const files = Object.entries(smallFiles());
  for (const [name, text] of files) await directory.write(`own/${name}`, text);
  const tensors = parameterTable(CONFIG).map(({ name, shape }) => {
    return { name, shape, data: () => Promise.resolve(Float32Array.from(weights.get(name)!)) };
  });
  await writeSafetensors(`${cwd}/own/model.safetensors`, tensors, {});
  const run = async (task: Parameters<typeof runTask>[0], args: string) => {
    const outcome = await runTask(task, args.split(" "), { cwd });
    assertEquals([outcome.code, outcome.stderr], [0, ""], args);
    return outcome.stdout;
  };

  const train = "--quiet --no-autotune --batch 2 --eval-every 2";
  await run("train", `--init-from own --data corpus.jsonl --out run --steps 2 ${train}`);
  await run("train", "--resume run --steps 4 --quiet");
  for (const path of ["run", "run/checkpoints/step-000002", "run/checkpoints/step-000004"]) {
    for (const [name, text] of files) {
      assertEquals(await Deno.readTextFile(`${cwd}/${path}/${name}`), text);
    }
  }
  const json = await run("eval", "--checkpoint run --data corpus.jsonl --json");
  const { tokens, bytes } = JSON.parse(json);
  assertEquals(tokens > bytes / 2, true, "it has few tokens of more than a byte");
  const sampled = "--checkpoint run --max-tokens 4 --temperature 0 --prompt the</s>moon";
  assertMatch(await run("sample", `${sampled} --special`), /^the<\/s>moon/);
  const { stderr } = await runTask("sample", sampled.split(" "), { cwd });
  assertStringIncludes(stderr, "note: </s> in the prompt is text like any other");
  await run("export", "--checkpoint run --format f32 --out exported");
  assertEquals(await Deno.readTextFile(`${cwd}/exported/vocab.json`), smallFiles()["vocab.json"]);

  await run("prepare", "--data corpus.jsonl --out tokens --quiet");
  const prepared = "--init-from own --data tokens --out other --steps 1 --quiet --no-autotune";
  assertFails(
    await runTask("train", prepared.split(" "), { cwd }),
    1,
    "tokens/tokens_train_000000.bin holds GPT-2's tokens, but the model's are its own, " +
      `${vocabularySize} with "</s>" at the end of a document: use text`,
  );
});
