import { replaceText } from "../files/replace_file.ts";
import { compareChart } from "./chart.ts";
import { finalLoss, lowestLoss, type RunRecord } from "./record.ts";
import { report } from "./report.ts";
import { summarise } from "./summary.ts";

/**
 * Writes `compare.json`, `compare.md` and `compare.svg` of all runs.
 *
 * @returns What compare.md says.
 * @throws {UserError} If a file cannot be written.
 */
export async function writeComparison(out: string, records: readonly RunRecord[]): Promise<string> {
  const cells = summarise(records);
  const text = report(cells);
  await replaceText(`${out}/compare.md`, text);
  await replaceText(`${out}/compare.svg`, compareChart(cells));
  const json = cells.map(({ cell, vocabularySize, parameters, rows, agd, adamw, ...rest }) => ({
    cell,
    vocabulary_size: vocabularySize,
    parameters,
    agd: agd?.name,
    best_adamw: adamw?.name,
    ...rest,
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
  }));
  await replaceText(`${out}/compare.json`, JSON.stringify({ cells: json }, null, 1) + "\n");
  return text;
}
