import { replaceText } from "../files/replace_file.ts";
import { compareChart } from "./chart.ts";
import { leadChart } from "./lead_chart.ts";
import { leadOf } from "./lead.ts";
import { finalLoss, lowestLoss, type RunRecord } from "./record.ts";
import { report } from "./report.ts";
import { type CellSummary, summarise } from "./summary.ts";

/**
 * Writes `compare.json`, `compare.md` and `compare.svg` of all runs, and `lead.svg` if there is a
 * lead to show.
 *
 * @returns What compare.md says.
 * @throws {UserError} If a file cannot be written.
 */
export async function writeComparison(out: string, records: readonly RunRecord[]): Promise<string> {
  const cells = summarise(records);
  const text = report(cells);
  await replaceText(`${out}/compare.md`, text);
  await replaceText(`${out}/compare.svg`, compareChart(cells));
  const lead = leadChart(cells);
  if (lead !== undefined) await replaceText(`${out}/lead.svg`, lead);
  await replaceText(
    `${out}/compare.json`,
    JSON.stringify({ cells: toJson(cells) }, null, 1) + "\n",
  );
  return text;
}

/** The cells as compare.json has them. */
function toJson(cells: readonly CellSummary[]) {
  return cells.map((summary) => {
    const { cell, vocabularySize, parameters, rows, agd, adamw, best, ...rest } = summary;
    return {
      cell,
      vocabulary_size: vocabularySize,
      parameters,
      agd: agd?.name,
      best_adamw: adamw?.name,
      best: best?.name,
      ...rest,
      lead: leadOf(summary),
      rows: rows.map(({ records, minusAgd, tokensToAdamW, tokensPerSecond, ...row }) => ({
        ...row,
        minus_agd: minusAgd,
        tokens_to_adamw: tokensToAdamW,
        tokens_per_second: tokensPerSecond,
        runs: records.map((record) => ({
          ...record,
          final_loss: finalLoss(record),
          lowest_loss: lowestLoss(record),
        })),
      })),
    };
  });
}
