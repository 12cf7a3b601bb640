import { fileError } from "../files/file_error.ts";
import { checkNoLink } from "../files/no_link.ts";
import { checkRegular, readTextIfThere } from "../files/read_file.ts";
import { replaceText } from "../files/replace_file.ts";
import { isObject } from "../json.ts";

const NAME = "samples.jsonl";

/** A sample of a model in training: a line of `samples.jsonl`. */
export interface Sample {
  /** Steps done. */
  step: number;
  /** What the model wrote. */
  text: string;
}

/**
 * Appends a sample to a run's `samples.jsonl`.
 *
 * @throws {UserError} If the file cannot be written, or is a link or no file.
 */
export async function appendSample(run: string, { step, text }: Sample): Promise<void> {
  const path = `${run}/${NAME}`;
  checkNoLink(path);
  checkRegular(path);
  try {
    await Deno.writeTextFile(path, JSON.stringify({ step, text }) + "\n", { append: true });
  } catch (error) {
    throw fileError(error, `${path}: cannot write`);
  }
}

/** A line of `samples.jsonl`; undefined if it is none, as one that a crash cut off. */
export function parseSample(line: string): Sample | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!isObject(value)) return undefined;
    const { step, text } = value;
    return typeof step === "number" && typeof text === "string" ? { step, text } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The samples of a run.
 *
 * @throws {UserError} If there are some, and they cannot be read.
 */
export async function readSamples(run: string): Promise<Sample[]> {
  const text = await readTextIfThere(`${run}/${NAME}`) ?? "";
  return text.split("\n").flatMap((line) => parseSample(line) ?? []);
}

/**
 * Writes the samples of one run up to `lastStep` to another's directory, or to the same. If there are
 * none, an old file there ends up empty.
 *
 * @throws {UserError} If a file cannot be read or written.
 */
export async function copySamples(from: string, to: string, lastStep: number): Promise<void> {
  const text = await readTextIfThere(`${from}/${NAME}`);
  if (text === undefined) return;
  const kept = text.split("\n").filter((line) => (parseSample(line)?.step ?? Infinity) <= lastStep);
  await replaceText(`${to}/${NAME}`, kept.map((line) => line + "\n").join(""));
}

/**
 * Removes the samples of a run that ended before it had saved anything.
 *
 * @throws {UserError} If the file cannot be removed.
 */
export async function removeSamples(run: string): Promise<void> {
  const path = `${run}/${NAME}`;
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw fileError(error, `${path}: cannot remove`);
  }
}
