import { assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { chart, savedRows } from "./page_helpers.ts";

function row(name: string, losses: number[][]) {
  const runs = losses.map((seed) => ({
    curve: seed.map((val_loss, i) => ({ tokens: 100 * (i + 1), val_loss })),
  }));
  const final = { mean: 2.5, deviation: 0.125 };
  return {
    name,
    final,
    lowest: { mean: 2.25 },
    minus_agd: { mean: 0 },
    tokens_per_second: 900,
    runs,
  };
}

/** What `compare` leaves: two cells, the second of which nothing is known of yet. */
export const COMPARISON = JSON.stringify({
  cells: [{
    cell: { data: "<b>text</b>", layers: 2, width: 16 },
    parameters: 80_336,
    rows: [row("AGD", [[4, 2], [6, 3]]), row("AdamW, lr 0.01", [[8, 7, 6]])],
  }, { cell: { layers: 4 } }],
});

/** Steps of the browser's test: the comparisons `grid` and `other`, which is empty. */
export async function testComparisons(t: Deno.TestContext, page: Page): Promise<void> {
  await t.step("shows the cells, tables and curves that compare leaves", async () => {
    await page.getByRole("button", { name: "Compare" }).click();
    await page.locator(".card").nth(1).waitFor();
    assertEquals(await page.locator(".card > h2").allInnerTexts(), [
      "data <b>text</b>, layers 2, width 16, 80,336 parameters",
      "layers 4",
    ]);
    const rows = await page.locator(".card").first().locator("tbody tr").allInnerTexts();
    assertEquals(rows.map((row) => row.split("\t")), [
      ["AGD", "2.5000 ± 0.125", "2.2500", "0.0000", "900", "2"],
      ["AdamW, lr 0.01", "2.5000 ± 0.125", "2.2500", "0.0000", "900", "1"],
    ]);
    const curves = chart(page, "Validation loss").first();
    assertEquals(await curves.locator(".item b").allInnerTexts(), ["2.5000", "6.0000"]);
    assertEquals((await savedRows(page, curves)).slice(0, 2), ["AGD,,100,5", "AGD,,200,2.5"]);
    await page.getByLabel("Vertical").selectOption("log");
    assertMatch(page.url(), /tab=compare&.*y=log/);
    await page.getByLabel("Comparison").selectOption("other");
    await page.getByText("Its compare.json has no cell.").waitFor();
    assertMatch(page.url(), /comparison=0%2Fother/);
    await page.getByLabel("Vertical").selectOption("linear");
  });

  await t.step("shows the comparison chosen last, whichever comes last", async () => {
    const first = Promise.withResolvers<void>();
    await page.route(/comparison\?id=.*grid/, async (route) => {
      await first.promise;
      await route.continue();
    });
    const late = page.waitForResponse(/comparison\?id=.*grid/);
    const other = page.waitForResponse(/comparison\?id=.*other/);
    await page.getByLabel("Comparison").selectOption("grid");
    await page.getByLabel("Comparison").selectOption("other");
    await (await other).finished();
    first.resolve();
    await (await late).finished();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
    await page.getByText("Its compare.json has no cell.").waitFor();
    assertEquals(await page.locator(".card").count(), 0);
    await page.unroute(/comparison\?id=.*grid/);
  });
}
