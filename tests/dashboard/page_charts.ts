import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { chart, reading, saved, until } from "./page_helpers.ts";

/** Steps of the browser's test: what a user does to charts of the runs `first` and `second`. */
export async function testCharts(t: Deno.TestContext, page: Page): Promise<void> {
  await t.step("reads all runs at a place, by mouse and by keys", async () => {
    const canvas = page.locator("figure .canvas").first();
    const box = (await canvas.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 100);
    const readout = page.locator("figure .readout").nth(1);
    assertMatch(await readout.innerText(), /^step 7\d\b/);
    assertEquals(await reading(page, "Validation loss", "second"), "–"); // it ended before
    await page.mouse.move(5, 5);
    await page.locator("figure").first().focus();
    await page.keyboard.press("ArrowRight");
    assertMatch(await readout.innerText(), /^step 8\d\b/);
  });

  await t.step("zooms by a drag, and the address keeps the view", async () => {
    const box = (await page.locator("figure .canvas").first().boundingBox())!;
    await page.mouse.move(box.x + 300, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + 500, box.y + 80, { steps: 3 });
    await page.mouse.up();
    await page.getByLabel("Vertical").selectOption("log");
    await page.getByRole("button", { name: "second" }).click();
    assertEquals(await page.locator("figure .item", { hasText: "second" }).count(), 0);
    const address = page.url();
    assertMatch(address, /#y=log&zoom=\d+\.?\d*%2C\d+\.?\d*&runs=1&run=0%2Ffirst$/);
    const [from, to] = zoomOf(page);
    assert(35 < from && from < to && to < 90, address);

    const other = await page.context().newPage();
    await other.goto(address);
    await other.waitForSelector("figure .item");
    assertEquals(await other.getByLabel("Vertical").inputValue(), "log");
    assertEquals(await other.locator(".run[aria-pressed=true]").count(), 1);
    assert(await other.getByRole("button", { name: "Show all" }).isVisible());
    await other.close();
  });

  await t.step("zooms by keys, and a run is shown again by one", async () => {
    const [from, to] = zoomOf(page);
    await page.locator("figure").first().focus();
    await page.keyboard.press("+");
    assertWidth(zoomOf(page), (to - from) / 2);
    await page.keyboard.press("-");
    assertWidth(zoomOf(page), to - from);
    await page.keyboard.press("Escape");
    assertEquals(page.url().includes("zoom"), false);
    await page.getByRole("button", { name: "second" }).focus();
    await page.keyboard.press("Space");
    await page.locator("figure .item", { hasText: "second" }).first().waitFor();
    await page.getByLabel("Vertical").selectOption("linear");
  });

  await t.step("draws over steps, tokens or time, smoothed or not", async () => {
    const loss = chart(page, "Training loss");
    const smooth = await reading(page, "Training loss", "first");
    await page.getByLabel("Smoothing").focus();
    await page.keyboard.press("Home");
    await until(
      () => reading(page, "Training loss", "first").then((text) => text === "2.6325"),
      "raw",
    );
    assert(Number(smooth) > 2.64, smooth);
    assertMatch(page.url(), /smooth=0&/);
    await page.getByLabel("Horizontal").selectOption("log");
    for (
      const [x, last, place] of [["tokens", "10240", "tokens 10,240"], ["seconds", "40", "40 s"]]
    ) {
      await page.getByLabel("Over").selectOption(x);
      const csv = new TextDecoder().decode((await saved(page, loss, "CSV")).bytes);
      assertStringIncludes(csv, `run,curve,${x},Training loss\r\n`);
      assertMatch(csv, new RegExp(`\r\nfirst,,${last},2\\.632.*\r\n`));
      await loss.getByRole("button", { name: "Table" }).click();
      assertMatch(
        await loss.locator("tbody tr").last().innerText(),
        new RegExp(`^${place}\t2.6325`),
      );
      await loss.getByRole("button", { name: "Table" }).click();
    }
    assertMatch(page.url(), /x=seconds&scale=log&smooth=0&/);
    await page.getByLabel("Over").selectOption("step");
    await page.getByLabel("Horizontal").selectOption("linear");
  });

  await t.step("has a table for each chart, and files of it", async () => {
    const figure = chart(page, "Validation loss");
    await figure.getByRole("button", { name: "Table" }).click();
    assertEquals(await figure.locator("thead th").allInnerTexts(), ["step", "first", "second"]);
    const rows = await figure.locator("tbody tr").allInnerTexts();
    assertEquals(rows[5].split(/\s+/), ["step", "60", "3.0328", "6.0656"]);
    assertEquals(rows.at(-1)!.split(/\s+/), ["step", "160", "2.6325", "–"]);
    const csv = await saved(page, figure, "CSV");
    assertEquals(csv.name, "validation-loss.csv");
    assertStringIncludes(new TextDecoder().decode(csv.bytes), "run,curve,step,Validation loss\r\n");
    assertStringIncludes(new TextDecoder().decode(csv.bytes), "\r\nfirst,,100,2.8\r\n");
    const png = await saved(page, figure, "PNG");
    const { buffer } = png.bytes;
    assertEquals([png.name, [...png.bytes.slice(1, 4)]], ["validation-loss.png", [80, 78, 71]]);
    const size = [16, 20].map((offset) => new DataView(buffer).getUint32(offset));
    assertEquals(size, [2400, 1280]);
  });
}

/** The part that the address says is in view. */
function zoomOf(page: Page): number[] {
  return decodeURIComponent(page.url()).match(/zoom=([^&]*)/)![1].split(",").map(Number);
}

function assertWidth([from, to]: number[], expected: number): void {
  assert(Math.abs((to - from) / expected - 1) < 1e-3, `${from}, ${to} is not ${expected}`);
}
