/**
 * Makes a corpus of technical English of what Debian ships, for comparisons of long runs:
 *
 *     deno run --allow-all bench/debian_text.ts manuals.jsonl
 *
 * It fetches, and does not install, the packages below by `apt-get download`, and writes their
 * sources in reStructuredText and Perl's POD, a document a file, in the order of their paths. They
 * are those of Debian 12; packages that follow the file's name are taken instead.
 */
import { UserError } from "../src/errors.ts";

/** The manuals of Linux, of Python and of Perl. */
const PACKAGES = ["linux-doc-6.1", "python3.11-doc", "perl-doc"];
/** Ends of the names of files that are text as it was written. */
const TEXTS = [".rst.txt", ".pod"];

/**
 * Writes the texts below a directory as JSON Lines.
 *
 * @returns How many documents there are, and their UTF-8 bytes.
 */
export async function collectTexts(
  root: string,
  out: string,
): Promise<{ documents: number; bytes: number }> {
  const paths = (await Array.fromAsync(filesIn(root)))
    .filter((path) => TEXTS.some((end) => path.endsWith(end))).sort();
  const encoder = new TextEncoder();
  let bytes = 0;
  async function* lines() {
    for (const path of paths) {
      const text = await Deno.readTextFile(path);
      bytes += encoder.encode(text).length;
      yield JSON.stringify({ text }) + "\n";
    }
  }
  await Deno.writeTextFile(out, ReadableStream.from(lines()));
  return { documents: paths.length, bytes };
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
async function main([out, ...packages]: string[]): Promise<number> {
  if (out === undefined || out.startsWith("-")) {
    console.error("usage: deno run --allow-all bench/debian_text.ts FILE.jsonl [PACKAGE…]");
    return 2;
  }
  const directory = await Deno.makeTempDir();
  try {
    await run("apt-get", ["download", ...packages.length > 0 ? packages : PACKAGES], directory);
    for (const { name } of [...Deno.readDirSync(directory)]) {
      await run("dpkg-deb", ["-x", name, "texts"], directory);
    }
    const { documents, bytes } = await collectTexts(`${directory}/texts`, out);
    const count = documents.toLocaleString("en");
    console.log(`${out}: ${count} documents, ${(bytes / 1e6).toFixed(1)} MB of text`);
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
