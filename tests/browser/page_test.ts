import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { existsSync } from "node:fs";
import type { Page } from "playwright-core";
import { textBatches } from "../../src/browser/text_batches.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/checkpoint/checkpoint.ts";
import { Gpt2 } from "../../src/model/gpt2.ts";
import { Agd } from "../../src/optim/agd/agd.ts";
import { generate } from "../../src/sample/generate.ts";
import { encode } from "../../src/tokens/tokenizer.ts";
import { compactVocabulary } from "../../src/tokens/vocabulary.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { CHROMIUM, openBrowser } from "../../bench/screenshot.ts";
import { TempDir, texts } from "../data/fixtures.ts";
import { openTestGpu } from "../ops/helpers.ts";

const ROOT = new URL("../../", import.meta.url);
const CORPUS = texts(12, 20).join("\n");
const PROMPT = "the moon";
const [STEPS, TOKENS, BATCH] = [10, 12, 2];

/** Bundles the page and serves it. */
async function serve(): Promise<{ url: string; child: Deno.ChildProcess }> {
  const run = (args: string[]) =>
    new Deno.Command(Deno.execPath(), { args, cwd: fromFileUrl(ROOT), stdout: "piped" });
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const [bundle, ...rest] = tasks.browser.command.split(" && ")
    .map((command: string) => command.replace(/^deno /, "").split(" "));
  assertEquals((await run(bundle).output()).success, true);
  const child = run([...rest[0], "0"]).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return { url: new TextDecoder().decode(value).trim(), child };
}

/** What the page shows: the losses of the steps, and then the likeliest text. */
async function onPage(url: string, directory: string): Promise<{ losses: number[]; text: string }> {
  const browser = await openBrowser({ webgpu: true });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.setInputFiles("#directory", directory);
    await page.waitForSelector("#train fieldset:enabled");
    assertStringIncludes(await page.textContent("#status") ?? "", "layers 1, heads 2, width 16");
    await page.fill("#corpus", CORPUS);
    await page.click("#train button");
    await page.waitForFunction(`losses.textContent.split("\\n").length > ${STEPS}`);
    const lines = (await page.textContent("#losses"))!.trim().split("\n");
    await page.waitForSelector("#sample fieldset:enabled");
    await page.fill("#prompt", PROMPT);
    await page.fill("#temperature", "0");
    await page.fill("#tokens", String(TOKENS));
    await page.click("#sample button");
    await page.waitForSelector("#sample fieldset:enabled");
    const text = (await page.textContent("#text"))!;
    await openFromHub(page, directory);
    return { losses: lines.map((line) => Number(line.split("loss ")[1])), text };
  } finally {
    await browser.close();
  }
}

/** Opens the model as one of the hub's, for which a directory stands in. */
async function openFromHub(page: Page, directory: string): Promise<void> {
  const begin = "https://huggingface.co/me/gpt2/resolve/main/";
  await page.route(`${begin}*`, async (route) => {
    const path = `${directory}/${route.request().url().slice(begin.length)}`;
    await route.fulfill(existsSync(path) ? { path } : { status: 404 });
  });
  await page.fill("#name", "me/gpt2");
  await page.click("#hub button");
  await page.waitForSelector("#hub >> xpath=ancestor::fieldset[not(@disabled)]");
  assertStringIncludes(await page.textContent("#status") ?? "", "layers 1, heads 2, width 16");
  await page.fill("#name", "me/none");
  await page.route("https://huggingface.co/me/none/**", (route) => route.fulfill({ status: 404 }));
  await page.click("#hub button");
  await page.waitForSelector("#hub >> xpath=ancestor::fieldset[not(@disabled)]");
  assertEquals(
    await page.textContent("#status"),
    "error: config.json is missing: a model is a directory with config.json and model.safetensors",
  );
}

/** The same under Deno. */
async function underDeno(model: Gpt2): Promise<{ losses: number[]; text: string }> {
  using trainer = new Trainer(model, { batch: BATCH, optimizer: (target) => new Agd(target) });
  const losses: number[] = [];
  for (const batch of textBatches(model, CORPUS, { batch: BATCH, steps: STEPS })) {
    losses.push((await trainer.step(batch)).loss);
  }
  let text = PROMPT;
  const weights = trainer.optimizer.evaluationWeights;
  const options = { prompt: PROMPT, maxTokens: TOKENS, temperature: 0, weights };
  for await (const piece of generate(model, options)) text += piece;
  return { losses, text };
}

const hasBrowser = existsSync(CHROMIUM);

Deno.test({
  name: `browser: the page trains and writes as Deno does${hasBrowser ? "" : " (no Chromium)"}`,
  ignore: !hasBrowser,
  fn: async () => {
    const gpu = await openTestGpu();
    await using temp = new TempDir();
    const sizes = { layers: 1, heads: 2, width: 16, context: 16 };
    const vocabulary = compactVocabulary(encode(CORPUS));
    {
      using made = await Gpt2.create(gpu, sizes, { vocabulary, seed: 1 });
      await saveCheckpoint(made, temp.path);
    }
    const { url, child } = await serve();
    try {
      using model = await loadCheckpoint(gpu, temp.path);
      const [found, expected] = [await onPage(url, temp.path), await underDeno(model)];
      assertEquals(found.losses.length, STEPS);
      found.losses.forEach((loss, i) => assertAlmostEquals(loss, expected.losses[i], 1e-4));
      assertEquals(found.text, expected.text);
    } finally {
      child.kill();
      await child.stdout.cancel();
      await child.status;
    }
  },
});
