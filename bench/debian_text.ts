/**
 * Makes a corpus of technical English of what Debian ships, for comparisons of long runs:
 *
 *     deno run --allow-all bench/debian_text.ts manuals.jsonl
 *     deno run --allow-all bench/debian_text.ts manuals-bytes
 *     deno run --allow-all bench/debian_text.ts --tokens 2048 manuals-2048
 *
 * It fetches, and does not install, the packages below by `apt-get download`, and takes their
 * sources in reStructuredText and Perl's POD, a document a file, in the order of their paths. They
 * are those of Debian 12; packages that follow the file's name are taken instead. What does not end
 * in `.jsonl` is a directory, for files of tokens in llm.c's layout: of GPT-2's first so many, which
 * are a tokenizer of their own, or else a token a byte.
 */
import { parseArgs } from "@std/cli/parse-args";
import { BinWriter } from "../src/data/bin/bin_writer.ts";
import { UserError } from "../src/errors.ts";
import { sha256 } from "../src/sha256.ts";
import { mergeBytes } from "../src/tokens/bpe.ts";
import { TokenBuffer } from "../src/tokens/token_buffer.ts";
import { END_OF_TEXT } from "../src/tokens/tokenizer.ts";
import { encodeWords, mergedWords } from "../src/tokens/words.ts";

/** The manuals of Linux, of Python and of Perl. */
const PACKAGES = ["linux-doc-6.1", "python3.11-doc", "perl-doc"];
/** Ends of the names of files that are text as it was written. */
const TEXTS = [".rst.txt", ".pod"];

/** GPT-2's first tokens, which are no pairs. */
const BYTES = 256;
/** All of GPT-2's tokens but the one that ends a document. */
const PAIRS = 50256;
/** Of how many documents one is for validation, in files of tokens. */
const VALIDATION = 50n;

/** How much text there is: the number of documents, and their UTF-8 bytes. */
export interface Extent {
  documents: number;
  bytes: number;
}

/** Writes the texts below a directory as JSON Lines. */
export async function collectTexts(root: string, out: string): Promise<Extent> {
  const extent = { documents: 0, bytes: 0 };
  async function* lines() {
    for await (const bytes of textsIn(root, extent)) {
      yield JSON.stringify({ text: new TextDecoder().decode(bytes) }) + "\n";
    }
  }
  await Deno.writeTextFile(out, ReadableStream.from(lines()));
  return extent;
}

/**
 * Writes the texts below a directory as files of tokens, one for training and one for validation. A
 * document is for validation by the SHA-256 of its text, a number, modulo 50.
 *
 * @param count How many of GPT-2's tokens there are, the first ones: {@linkcode BYTES}, a token a
 * byte, make a model that is nearly all layers.
 */
export async function collectTokens(
  root: string,
  out: string,
  count = BYTES,
): Promise<Extent> {
  await Deno.mkdir(out, { recursive: true });
  using training = new BinWriter(`${out}/manuals_train_000000.bin`);
  using validation = new BinWriter(`${out}/manuals_val_000000.bin`);
  const words = mergedWords((word) => mergeBytes(word, count));
  const tokensOf = (bytes: Uint8Array) => {
    if (count === BYTES) return mergeBytes(bytes, BYTES); // whether they are UTF-8 or not
    const tokens = new TokenBuffer();
    encodeWords(new TextDecoder().decode(bytes), tokens, words);
    return tokens.from(0);
  };
  const extent = { documents: 0, bytes: 0 };
  for await (const bytes of textsIn(root, extent)) {
    const isForValidation = BigInt(`0x${await sha256(bytes)}`) % VALIDATION === 0n;
    const file = isForValidation ? validation : training;
    file.write([END_OF_TEXT]);
    file.write(tokensOf(bytes));
  }
  training.finish();
  validation.finish();
  return extent;
}

/** The bytes of each text, in the order of their paths, which are counted as they are read. */
async function* textsIn(root: string, extent: Extent): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const paths = (await Array.fromAsync(filesIn(root)))
    .filter((path) => TEXTS.some((end) => path.endsWith(end))).sort();
  for (const path of paths) {
    const bytes = await Deno.readFile(path);
    extent.documents++;
    extent.bytes += bytes.length;
    yield bytes;
  }
}

/** All files below a directory, links left out. */
async function* filesIn(directory: string): AsyncGenerator<string> {
  for await (const { name, isFile, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* filesIn(path);
    else if (isFile) yield path;
  }
}

async function run(command: string, args: string[], cwd: string): Promise<void> {
  const child = new Deno.Command(command, { args, cwd, stdout: "null", stderr: "piped" });
  const { success, stderr } = await child.output().catch(() => {
    throw new UserError(`${command} is missing: this needs Debian or a system made of it`);
  });
  if (success) return;
  const reason = new TextDecoder().decode(stderr).trim().split("\n")[0];
  throw new UserError(`${command} ${args[0]} failed: ${reason}`);
}

/** Fetches packages and collects their texts. */
async function main(args: string[]): Promise<number> {
  const { _: names, tokens, ...others } = parseArgs(args, { string: ["_", "tokens"] });
  const [out, ...packages] = names.map(String);
  const isText = out?.endsWith(".jsonl");
  const count = Number(tokens ?? BYTES);
  if (
    out === undefined || Object.keys(others).length > 0 || (isText && tokens !== undefined) ||
    !(Number.isInteger(count) && count >= BYTES && count <= PAIRS)
  ) {
    console.error(
      "usage: deno run --allow-all bench/debian_text.ts FILE.jsonl|[--tokens N] DIRECTORY " +
        `[PACKAGE…]\nN is from ${BYTES} to ${PAIRS}`,
    );
    return 2;
  }
  const directory = await Deno.makeTempDir();
  try {
    await run("apt-get", ["download", ...packages.length > 0 ? packages : PACKAGES], directory);
    for (const { name } of [...Deno.readDirSync(directory)]) {
      await run("dpkg-deb", ["-x", name, "texts"], directory);
    }
    const texts = `${directory}/texts`;
    const { documents, bytes } = isText
      ? await collectTexts(texts, out)
      : await collectTokens(texts, out, count);
    const found = documents.toLocaleString("en");
    console.log(`${out}: ${found} documents, ${(bytes / 1e6).toFixed(1)} MB of text`);
    return 0;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
    return 1;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);
