import { createText, removeFileSync } from "../../files/create_file.ts";
import { fileError } from "../../files/file_error.ts";
import { flush } from "../../files/flush.ts";
import { type Document, documentsIn } from "../text/documents.ts";
import { free } from "../threads/free.ts";
import { PartWriter, temporary } from "./part.ts";
import { ShardFiles, type ShardIdentity, type ShardRecord } from "./record.ts";
import { isWanted } from "../text/reader.ts";
import type { Shard } from "../files/shard.ts";
import { isIn, type Split } from "../text/split.ts";
import { readTextBlocks } from "../text/text_blocks.ts";
import { createTokenizer } from "../tokenize/tokenize.ts";
import { END_OF_TEXT } from "../../tokens/tokenizer.ts";

/** A shard to be prepared. */
export interface PrepareTask {
  shard: Shard;
  of: ShardIdentity;
  /** The directory that the files go to. */
  out: string;
  /** The shard's number among all shards, for the files' names. */
  index: number;
  skipBad: boolean;
}

/**
 * Tokenizes a shard into a file for each part, or several. They are written under other names,
 * brought to the disk, and renamed; the record comes after that, in the same way. Whenever this is
 * interrupted, a file that bears its name is whole.
 *
 * @param onRead Called with numbers of bytes as they are read.
 * @param mostTokens Of a file.
 * @throws {UserError} On what {@linkcode readTextBlocks} and {@linkcode documentsIn} fail on, and if it cannot write.
 */
export async function prepareShard(
  task: PrepareTask,
  onRead: (bytes: number) => void,
  mostTokens?: number,
): Promise<ShardRecord> {
  const { out } = task;
  const files = new ShardFiles(out, task.index, mostTokens);
  try {
    using training = new PartWriter(files, "training");
    using validation = new PartWriter(files, "validation");
    const record = await writeTokens(task, { training, validation }, onRead);
    await createText(temporary(files.record), JSON.stringify(record, undefined, 2) + "\n");
    training.publish();
    validation.publish();
    await flush(out);
    Deno.renameSync(temporary(files.record), files.record);
    await flush(out);
    return record;
  } catch (error) {
    throw fileError(error, `${out}: cannot write`);
  } finally {
    removeFileSync(temporary(files.record));
  }
}

/** Writes the tokens of both parts, under temporary names. */
async function writeTokens(
  { shard, of, skipBad }: PrepareTask,
  { training, validation }: Record<Split, PartWriter>,
  onRead: (bytes: number) => void,
): Promise<ShardRecord> {
  const { lang, minTokens, validationBound: bound } = of;
  const tokenize = createTokenizer({ minTokens });
  const held = { split: "validation", bound } as const;
  const writerOf = ({ text }: Document) => isIn(held, text) ? validation : training;
  let documents = 0;
  let skipped = 0;
  const pieced = new Set<PartWriter>(); // parts with a .txt file's pieces, one document each
  const options = { skipBad, onBad: () => skipped++, onRead };
  for await (const block of readTextBlocks(shard, options)) {
    const wanted = documentsIn(block, options).filter((document) => isWanted({ lang }, document));
    for (const [writer, part] of Map.groupBy(wanted, writerOf)) {
      const { ids, numbers } = tokenize(part);
      writer.write(ids);
      if ("pieces" in block) pieced.add(writer);
      else documents += numbers.length; // without those that are too short
      free(ids);
    }
    if ("bytes" in block) free(block.bytes);
  }
  for (const writer of pieced) writer.write(Uint16Array.of(END_OF_TEXT));
  if (pieced.size > 0) documents++;
  training.finish();
  validation.finish();
  const tokens: Record<Split, number> = { training: training.count, validation: validation.count };
  return { of, documents, tokens, skipped };
}
