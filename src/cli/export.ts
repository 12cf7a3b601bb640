/** `deno task export`: writes a checkpoint in another format. */
import { UsageError } from "../errors.ts";
import {
  EXPORT_FORMATS,
  exportCheckpoint,
  exportedName,
  type ExportResult,
} from "../checkpoint/export.ts";
import { MARGIN } from "../checkpoint/formats/expand_vocabulary.ts";
import type { Arguments, CommandSpec } from "./arguments.ts";
import { findCheckpoint } from "./checkpoint.ts";
import { main, type Start } from "./main.ts";
import { limitNetwork } from "./network.ts";
import { printJson, printLine } from "./terminal.ts";
import { limitWriting } from "./writing.ts";

const COMMAND: CommandSpec = {
  name: "export",
  summary:
    "Writes a checkpoint in another format, with GPT-2's full vocabulary. Tokens that a model with\n" +
    "a compact one does not know are there, but never come out.",
  options: {
    checkpoint: {
      value: "DIR",
      help: "directory that training wrote, or owner/name on the Hugging Face Hub",
    },
    format: {
      value: "NAME",
      help:
        "f32, f16: a directory for Hugging Face; llmc: for llm.c; gguf, gguf-f16: for llama.cpp",
    },
    out: { value: "PATH", help: "where to write it; must not exist yet" },
    json: { help: "print one JSON object instead" },
  },
  examples: [
    "--checkpoint runs/owt2 --format f16 --out owt2-f16",
    "--checkpoint runs/owt2 --format llmc --out owt2.bin",
    "--checkpoint runs/owt2 --format gguf-f16 --out owt2.gguf",
  ],
};

async function exportCommand(options: Arguments): Promise<void> {
  const checkpoint = options.text("checkpoint");
  if (!checkpoint) throw new UsageError("--checkpoint DIR is needed");
  const format = options.choice("format", EXPORT_FORMATS);
  if (!format) throw new UsageError(`--format is needed: one of ${EXPORT_FORMATS.join(", ")}`);
  const out = options.text("out");
  if (!out) throw new UsageError("--out PATH is needed");
  const json = options.flag("json");
  limitNetwork([], checkpoint);
  const directory = await findCheckpoint(checkpoint, json);
  limitWriting(out, exportedName(out));
  const result = await exportCheckpoint(directory, out, format);
  if (json) printJson({ out, format, ...result });
  else printLine(describe(out, result));
}

function describe(out: string, { unseen, shift }: ExportResult): string {
  const lines = [`Wrote ${out}.`];
  if (unseen > 0) {
    const count = unseen.toLocaleString("en");
    const change = shift === 0
      ? "no logit of theirs changes."
      : `their logits change by at most ${roundedUp(shift)}.`;
    lines.push(
      `The ${count} tokens that the model does not know have logits of at least ${MARGIN} below`,
      `those that it knows, whatever the text, in 32-bit arithmetic; ${change}`,
    );
  }
  return lines.join("\n");
}

/** To one digit, and never less than it is. */
function roundedUp(value: number): string {
  const unit = 10 ** Math.floor(Math.log10(value));
  const digits = Math.ceil(Number((value / unit).toPrecision(12)));
  return (digits * unit).toPrecision(1);
}

/** Runs the command. */
export const start: Start = (args) => main(COMMAND, exportCommand, { args });

if (import.meta.main) await start();
