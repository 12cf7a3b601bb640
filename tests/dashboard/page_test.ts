import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { CHROMIUM, openBrowser } from "../../bench/screenshot.ts";
import type { TextReader } from "../../src/dashboard/model_reader.ts";
import { runsRoot, serveDashboard } from "../../src/dashboard/serve.ts";
import { TempDir } from "../data/fixtures.ts";
import { testCharts } from "./page_charts.ts";
import { COMPARISON, testComparisons } from "./page_compare.ts";
import { reading, savedRows, steps, until } from "./page_helpers.ts";

const HOSTILE =
  '<img src=x onerror="document.title=1"><script>document.title=2</script>\u202e{b|&amp;';

Deno.test({
  name: "the page in a browser",
  ignore: !existsSync(CHROMIUM),
  sanitizeOps: false, // the browser's connection
  sanitizeResources: false,
}, async (t) => {
  await using directory = new TempDir();
  const { path } = directory;
  await directory.write("runs/first/metrics.jsonl", steps(1, 100));
  await directory.write("runs/second/metrics.jsonl", steps(1, 60, 2));
  const about = (state: string, options: Record<string, string>) =>
    JSON.stringify({ state, options, config: { layers: 2 }, optimizer: "agd", steps: 200 });
  await directory.write("runs/first/run.json", about("running", { seed: "1", batch: "4" }));
  await directory.write("runs/second/run.json", about("finished", { seed: "2", batch: "4" }));
  const samples = [10, 20, 30, 40].map((step) => JSON.stringify({ step, text: `It is ${step}.` }));
  await directory.write("runs/first/samples.jsonl", samples.join("\n") + "\n");
  await directory.write("runs/first/checkpoints/step-000100/config.json", "{}");
  await directory.write("runs/grid/compare.json", COMPARISON);
  await directory.write("runs/other/compare.json", "{}");
  const asked: unknown[] = [];
  const reader: TextReader = {
    read: (directory, text) => {
      asked.push([directory.slice(-11), text]);
      const tokens = [{ text: "<b>", loss: 1.5 }, { text: " moon", loss: 9 }];
      const next = [{ text: " rose", probability: 0.25 }];
      return Promise.resolve({ tokens, left: 0, next, layers: 2, heads: 3, adapter: "none" });
    },
    attention: (_directory, _text, layer, head) => {
      asked.push([layer, head]);
      return Promise.resolve([[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.7, 0.1]]);
    },
  };
  const roots = [await runsRoot(`${path}/runs`)];
  await using served = serveDashboard({ roots, port: 0, reader });
  const browser = await openBrowser();
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  context.setDefaultTimeout(200_000); // other tests may keep the machine busy
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => problems.push(message.text()));
  page.on("pageerror", ({ message }) => problems.push(message));

  try {
    await t.step("lays the curves of two runs over each other", async () => {
      await page.goto(served.address);
      await until(
        () => page.locator("figure .item").count().then((n) => n >= 8),
        "there are curves",
      );
      const titles = await page.locator("figure h2").allInnerTexts();
      assertEquals(
        titles.map((title) => title.replace(/\s*(nats|eta|by|tok|mill|in all).*$/, "")),
        [
          ...["Training loss", "Validation loss", "Step size", "Throughput", "Waiting"],
          ...["Gradient norms", "Update norms", "Weight norms"],
        ],
      );
      assertEquals(await reading(page, "Validation loss", "first"), "2.8000");
      assertEquals(await reading(page, "Validation loss", "second"), "6.0656");
    });

    await t.step("and goes on with a run that goes on", async () => {
      await Deno.writeTextFile(`${path}/runs/first/metrics.jsonl`, steps(101, 160), {
        append: true,
      });
      await until(
        () => reading(page, "Validation loss", "first").then((loss) => loss === "2.6325"),
        "the new steps are there",
      );
    });

    await testCharts(t, page);

    await t.step("shows samples side by side, and how options differ", async () => {
      await page.getByRole("button", { name: "Samples" }).click();
      await until(() => page.locator("pre").count().then((n) => n === 3), "three are shown");
      assertEquals(await page.locator("pre").allInnerTexts(), [
        "It is 20.",
        "It is 30.",
        "It is 40.",
      ]);
      await page.locator(".chips button", { hasText: "10" }).click();
      assertEquals(await page.locator("pre").count(), 4);
      assertMatch(page.url(), /at=10%2C20%2C30%2C40/);
      await page.getByRole("button", { name: "Details" }).click();
      const rows = await page.locator(".card").first().locator("tbody tr").allInnerTexts();
      assertEquals(rows.map((row) => row.split(/\s+/)), [["seed", "1", "2"]]);
    });

    await t.step("reads a text with a checkpoint, token by token and head by head", async () => {
      await page.getByRole("button", { name: "Model" }).click();
      await page.getByLabel("Text").fill("<b> moon");
      await page.getByRole("button", { name: "Read", exact: true }).click();
      const tokens = page.locator(".token");
      await tokens.nth(1).waitFor();
      assertEquals(await tokens.allTextContents(), ["<b>", " moon"]);
      assertEquals(await tokens.nth(1).getAttribute("title"), "loss 9.0000");
      assertStringIncludes(await page.locator("main").innerText(), '" rose"\t25.0%');
      await tokens.nth(1).click();
      await page.getByLabel("Head").selectOption("3");
      await until(() => Promise.resolve(asked.length === 3), "both heads are asked for");
      await until(
        () => tokens.nth(0).getAttribute("title").then((title) => title === "attention 0.700"),
        "attention is shown",
      );
      await page.locator("details summary").click();
      const cells = await page.locator("details tbody tr").allInnerTexts();
      assertEquals(cells.map((row) => row.split("\t")), [
        ['"<b>"', "1.5000", "0.700"],
        ['" moon"', "9.0000", "0.100"],
      ]);
      assertEquals(asked, [["step-000100", "<b> moon"], [0, 0], [0, 2]]);
    });

    await testComparisons(t, page);

    await t.step("takes names and samples of any kind for text", async () => {
      const hostile = { state: "failed", message: HOSTILE, options: { [HOSTILE]: HOSTILE } };
      const name = HOSTILE.replaceAll("/", "");
      await directory.write(`runs/${name}/metrics.jsonl`, steps(1, 20) + "{\n");
      await directory.write(`runs/${name}/run.json`, JSON.stringify(hostile));
      const text = HOSTILE + "\x1b[2J\0" + "x".repeat(10_000_000);
      await directory.write(`runs/${name}/samples.jsonl`, JSON.stringify({ step: 1, text }) + "\n");
      await page.getByRole("button", { name: "Details" }).click();
      const entry = page.locator(".run", { hasText: "onerror" });
      await entry.click(); // the address names the runs by now
      assertEquals(await entry.locator(".run-name").textContent(), name);
      assertEquals(await page.locator(".message").textContent(), HOSTILE);
      for (const tab of ["Curves", "Samples"]) {
        await page.getByRole("button", { name: tab, exact: true }).click();
        await page.locator("main", { hasText: "onerror" }).waitFor();
      }
      const shown = page.locator("pre", { hasText: "onerror" }).first();
      await shown.waitFor();
      assert((await shown.textContent())!.startsWith(HOSTILE + "\x1b[2J"));
      assertLess((await shown.textContent())!.length, 30_000);
      assertEquals(await page.locator("main img, aside img, main script").count(), 0);
      assertEquals(await page.title(), "Runs");
    });

    await t.step("lets go of a run that is removed while it is shown", async () => {
      await page.getByRole("button", { name: "Curves", exact: true }).click();
      await Deno.remove(`${path}/runs/second`, { recursive: true });
      await until(
        () => page.locator(".run").count().then((n) => n === 2),
        "it is gone from the list",
      );
      assertEquals(await page.locator("figure").first().locator(".item").count(), 2);
      await Deno.remove(`${path}/runs/${HOSTILE.replaceAll("/", "")}`, { recursive: true });
    });

    await t.step("is as quick with 1,000,000 steps", async () => {
      const line = (step: number) =>
        `{"step":${step},"tokens":${step},"loss":${step === 654_321 ? 99 : 3}}\n`;
      await Deno.mkdir(`${path}/runs/long`);
      for (let from = 1; from < 1e6; from += 1e5) {
        const part = Array.from({ length: 1e5 }, (_, i) => line(from + i)).join("");
        await Deno.writeTextFile(`${path}/runs/long/metrics.jsonl`, part, { append: true });
      }
      await page.goto(`${served.address}#smooth=0&runs=1&run=0%2Flong`);
      await page.reload();
      const button = page.locator("figure").getByRole("button", { name: "Table" });
      await button.click();
      const last = page.locator("figure tbody tr").last();
      await until(
        () => last.innerText().then((text) => text.startsWith("step 1,000,000")),
        "all is read",
      );
      await button.click();
      const saveCsv = () => savedRows(page, page.locator("figure"));
      const points = await saveCsv();
      assertLess(points.length, 4097);
      const spike = points.find((point) => point.endsWith(",99"))!;
      assertLess(Math.abs(Number(spike.split(",")[2]) - 654_321), 1000);

      const finer = page.waitForResponse(/\/part\?/);
      await page.goto(`${served.address}#smooth=0&zoom=654000,655000&runs=1&run=0%2Flong`);
      await (await finer).finished();
      await button.click();
      const places = () => page.locator("figure tbody th").allInnerTexts();
      await until(() => places().then((texts) => texts[1] === "step 654,042"), "it is finer");
      await button.click();
      const closer = await saveCsv();
      assertEquals(closer.length, 1001);
      assertEquals(closer[321], "long,,654321,99");
    });

    await t.step("is drawn in both themes, and on a narrow screen", async () => {
      await page.goto(served.address);
      await page.waitForSelector("figure canvas");
      const grounds = [];
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.waitForSelector(`html[data-theme=${colorScheme}]`);
        grounds.push(
          await page.evaluate("getComputedStyle(document.body).backgroundColor"),
        );
        assertLess(10_000, (await page.screenshot()).length);
      }
      assertEquals(grounds, ["rgb(246, 247, 249)", "rgb(15, 18, 22)"]);
      await page.setViewportSize({ width: 360, height: 700 });
      const overflow =
        "document.documentElement.scrollWidth - document.documentElement.clientWidth";
      await until(async () => await page.evaluate(overflow) === 0, "nothing is cut off");
    });
    assertEquals(problems, []);
  } finally {
    await browser.close();
  }
});
