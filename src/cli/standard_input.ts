import { format as formatBytes } from "@std/fmt/bytes";
import { basename } from "@std/path";
import { spool, type SpooledFile } from "../data/spool.ts";
import { UsageError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { fileExists } from "../files/file_exists.ts";
import { Checkpoints } from "../run/checkpoints.ts";
import { commandOf } from "./command.ts";
import { interruptSignal } from "./interrupt.ts";

/** What `--data` calls standard input. */
const NAME = "-";

/** Data of which standard input, if it was a part, is a file now, until this is disposed of. */
export interface SpooledData extends Disposable {
  /** Paths, globs, directories and URLs. */
  data: string[];
  /** What has to be written to for that. */
  writes: string[];
  /** What standard input was taken for. */
  note?: string;
  /** To be called before signals are listened to: until then they remove the file, and exit. */
  release(): void;
}

/** Where the file is to be. */
export interface SpoolOptions {
  /** For hints. */
  task: string;
  /** The directory for a temporary one; made if it is not there. @default the system's */
  parent?: string;
  /** Whether it is to stay there, as a run's, if the run has saved something. @default false */
  isKept?: boolean;
}

/**
 * Writes standard input, if it is a part of the data, to a file.
 *
 * @throws {UsageError} If it is a terminal, or named twice.
 * @throws {UserError} If it is empty, or cannot be read or written.
 */
export async function spoolInput(
  data: string[],
  { task, parent, isKept = false }: SpoolOptions,
): Promise<SpooledData> {
  if (!namesInput(data, task)) return { data, writes: [], release() {}, [Symbol.dispose]() {} };
  const holdsRun = () => isKept && new Checkpoints(parent!).steps().length > 0;
  using stack = new DisposableStack();
  const undo = stack.use(new DisposableStack());
  const guard = stack.use(interruptSignal(() => {
    undo.dispose();
    Deno.exit(guard.exitCode);
  }));
  if (parent !== undefined && !await fileExists(parent)) {
    // At once, so that no signal comes between what is made and how it is undone.
    writing(parent, () => Deno.mkdirSync(parent, { recursive: true }));
    undo.defer(() => attempt(() => Deno.removeSync(parent))); // if there is nothing in it
  }
  const directory = writing(
    parent ?? "the temporary directory ($TMPDIR)",
    () => Deno.makeTempDirSync({ dir: parent, prefix: ".stdin-" }),
  );
  undo.defer(() => attempt(() => Deno.removeSync(directory, { recursive: true })));
  const { path: temporary, ...file } = await spool(Deno.stdin.readable, directory);
  const path = isKept ? `${parent}/${basename(temporary)}` : temporary;
  if (isKept) {
    writing(path, () => Deno.renameSync(temporary, path));
    await Deno.remove(directory);
    undo.defer(() => holdsRun() || attempt(() => Deno.removeSync(path)));
  }
  const all = stack.move();
  return {
    data: data.map((name) => name === NAME ? path : name),
    writes: isKept ? [] : [directory],
    note: describe(file, isKept ? path : undefined),
    release: () => guard[Symbol.dispose](),
    [Symbol.dispose]: () => all.dispose(),
  };
}

/** @throws {UsageError} If standard input is a part of the data, and the task does not take it. */
export function refuseInput(data: readonly string[], task: string): void {
  if (!data.includes(NAME)) return;
  throw new UsageError(
    `--data - is not for ${task}, which reads its data anew for each run: write it to a file, and ` +
      "name that",
  );
}

function namesInput(data: readonly string[], task: string): boolean {
  const { length } = data.filter((name) => name === NAME);
  if (length > 1) throw new UsageError("--data - is given twice: there is one standard input");
  if (length === 1 && Deno.stdin.isTerminal()) {
    throw new UsageError(
      "--data - reads standard input, which is a terminal: pipe data into it, e.g. " +
        `cat *.md | ${commandOf(task)} --data -`,
    );
  }
  return length === 1;
}

const KINDS: Record<SpooledFile["content"], string> = {
  jsonl: "documents, a line of JSON each",
  txt: "one plain text",
  parquet: "a Parquet file",
  tar: "an archive",
};

function describe({ bytes, content }: Omit<SpooledFile, "path">, path?: string): string {
  const size = formatBytes(bytes, { binary: true });
  const where = path === undefined ? "" : `, and keeps it in ${path}`;
  return `Takes standard input, ${size}, for ${KINDS[content]}${where}.`;
}

function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw fileError(error, `${path}: cannot write`);
  }
}

/** What is left behind is no reason to fail. */
function attempt(remove: () => void): void {
  try {
    remove();
  } catch {
    // It stays.
  }
}
