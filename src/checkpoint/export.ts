import { UserError } from "../errors.ts";
import { addDirectory } from "../files/add_directory.ts";
import { fileExists } from "../files/file_exists.ts";
import { replaceFile } from "../files/replace_file.ts";
import { writeAll } from "../files/transfer.ts";
import { readCheckpointConfig } from "./checkpoint.ts";
import type { CheckpointConfig } from "./formats/checkpoint_config.ts";
import { CONFIG, writeDirectory } from "./checkpoint_directory.ts";
import { FULL_VOCABULARY_SIZE } from "../model/config.ts";
import { expandVocabulary } from "./formats/expand_vocabulary.ts";
import { ggufParts } from "./formats/gguf.ts";
import { llmcParts } from "./formats/llmc.ts";
import { verifyIfListed } from "./manifest.ts";
import { parameterTable } from "../model/parameters.ts";
import { WeightFiles } from "./weight_files.ts";

/** The formats that a checkpoint can be exported in. */
export const EXPORT_FORMATS = ["f32", "f16", "llmc", "gguf", "gguf-f16"] as const;

/**
 * What to write: a Hugging Face directory with weights as F32 or F16, llm.c's fp32 checkpoint, or a
 * GGUF file for llama.cpp with weights as F32 or F16.
 */
export type ExportFormat = typeof EXPORT_FORMATS[number];

/** What was exported. */
export interface ExportResult {
  /** Tokens of GPT-2's vocabulary that the model does not know, and never writes. */
  unseen: number;
  /** The most by which a known token's logit is not what it was, but for rounding. */
  shift: number;
}

/**
 * Writes a checkpoint in another format, with GPT-2's full vocabulary, or its own. Of a model with a compact
 * one, the logits of all tokens that it does not know are made to be at least 30 below those of the
 * tokens that it knows, whatever the text: they never come out. What they mean going in is nothing.
 * It takes no GPU.
 *
 * @param directory A checkpoint.
 * @param out A directory, or for llm.c and GGUF a file; there must be nothing yet.
 * @throws {UserError} If the checkpoint cannot be read or exported, or is damaged, or `out` exists or cannot be
 * written.
 *
 * @example
 * ```ts
 * import { exportCheckpoint } from "@agd/gpt2";
 *
 * const { unseen } = await exportCheckpoint("runs/base", "base-llmc.bin", "llmc");
 * console.log(`${unseen} tokens are never written`);
 * ```
 */
export async function exportCheckpoint(
  directory: string,
  out: string,
  format: ExportFormat,
): Promise<ExportResult> {
  const checkpoint = await readCheckpointConfig(directory);
  await verifyIfListed(directory);
  using files = await WeightFiles.open(directory);
  files.checkLayers(checkpoint.model.layers, CONFIG);
  files.check(parameterTable(checkpoint.model), CONFIG, checkpoint.storedRows);
  await checkFree(out);
  const dtype = format === "f16" || format === "gguf-f16" ? "F16" : "F32";
  const { model, tokenizer, data, shift } = await withFullVocabulary(checkpoint, files, dtype);
  const temporary = exportedName(out);
  if (format === "llmc") {
    await writeParts(out, llmcParts(model, data), temporary);
  } else if (format === "gguf" || format === "gguf-f16") {
    await writeParts(out, ggufParts(model, data, dtype, tokenizer), temporary);
  } else {
    await addDirectory(
      out,
      temporary,
      (directory) => writeDirectory(directory, { model, tokenizer }, data, dtype),
    );
  }
  const { tokens } = checkpoint;
  return { unseen: tokens ? FULL_VOCABULARY_SIZE - tokens.length : 0, shift };
}

/** The name under which this process writes what is to be exported, before it has its own. */
export function exportedName(out: string): string {
  return `${out.replace(/[/\\]+$/, "")}.${Deno.pid}.tmp`;
}

async function checkFree(out: string): Promise<void> {
  if (await fileExists(out)) {
    throw new UserError(`${out} exists already: choose another --out`, "EXISTS");
  }
}

/**
 * Writes a file part after part; it has its name once it is whole.
 *
 * @param temporary The name that it has until then.
 * @throws {UserError} If it cannot be written.
 */
export async function writeParts(
  path: string,
  parts: AsyncIterable<ArrayBufferView>,
  temporary?: string,
): Promise<void> {
  await replaceFile(path, async (file) => {
    for await (const part of parts) await writeAll(file, part);
    if (temporary !== undefined) await checkFree(path); // still, or another export was faster
  }, temporary);
}

/** A model with GPT-2's own vocabulary, and how to read its parameters. */
async function withFullVocabulary(
  { model, tokens, tokenizer }: CheckpointConfig,
  files: WeightFiles,
  dtype: "F32" | "F16",
) {
  const read = (name: string): Promise<Float32Array> => files.read(name);
  if (!tokens) return { model, tokenizer, data: read, shift: 0 };
  const head = {
    wte: await read("wte.weight"),
    gain: await read("ln_f.weight"),
    bias: await read("ln_f.bias"),
  };
  const { wte, gain, bias, shift } = expandVocabulary(head, tokens, dtype);
  const expanded = new Map([["wte.weight", wte], ["ln_f.weight", gain], ["ln_f.bias", bias]]);
  return {
    // The bias is needed, also if the model was trained without one.
    model: { ...model, vocabularySize: FULL_VOCABULARY_SIZE, bias: true, affine: true },
    data: async (name: string) => expanded.get(name) ?? await read(name),
    shift,
  };
}
