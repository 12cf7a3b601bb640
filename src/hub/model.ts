import { UserError } from "../errors.ts";
import { fileError } from "../files/file_error.ts";
import { fileExists } from "../files/file_exists.ts";
import { readTextIfThere } from "../files/read_file.ts";
import { copyFile, removeFile } from "../files/create_file.ts";
import { replaceText } from "../files/replace_file.ts";
import { TOKENIZER_FILES } from "../checkpoint/formats/tokenizer_source.ts";
import { readWeightsIndex, WEIGHTS, WEIGHTS_INDEX } from "../checkpoint/weight_files.ts";
import { download } from "./download.ts";
import { SMALL_FILE, weightsLimit } from "./limits.ts";
import { locate } from "./locate.ts";
import { type HubOptions, type HubSettings, hubSettings } from "./settings.ts";

const CONFIG = "config.json";
const BRANCH = "main";

/** How to get a model. */
export interface DownloadOptions extends HubOptions {
  /** Called with each file while it is downloaded, and its bytes so far and in all, if known. */
  onProgress?: (file: string, bytes: number, size: number | undefined) => void;
}

/** Whether a text has the form of a model's name on a hub: `owner/name`. */
export function isHubId(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(text) && !/--|\.\./.test(text);
}

/**
 * The directory that holds a model of the Hugging Face Hub: `config.json` and the weights as
 * safetensors. What is not there yet is downloaded, from where an interrupted download stopped, and
 * its size and checksum are verified.
 *
 * The layout of the cache is Hugging Face's (`models--owner--name` with `blobs`, `snapshots` and
 * `refs`), so that models are shared with its tools. A model that is there is not asked for again.
 *
 * @param id `owner/name`.
 * @throws {UserError} If there is no such model, it may not be read or has no safetensors weights,
 * or it cannot be downloaded or written.
 *
 * @example
 * ```ts
 * import { downloadModel, Gpu, loadCheckpoint } from "@agd/gpt2";
 *
 * using gpu = await Gpu.open();
 * using model = await loadCheckpoint(gpu, await downloadModel("openai-community/gpt2"));
 * ```
 */
export async function downloadModel(id: string, options: DownloadOptions = {}): Promise<string> {
  if (!isHubId(id)) throw new UserError(`${id} is not a model's name: owner/name`, "NOT_FOUND");
  const settings = hubSettings(options);
  const directory = `${settings.cache}/models--${id.replace("/", "--")}`;
  const ref = `${directory}/refs/${BRANCH}`;
  const fetchFile: FetchFile = async (revision, file, most = SMALL_FILE) => {
    return await fetchTo(directory, { id, revision, file, most }, settings, options.onProgress);
  };
  const known = await readRef(ref);
  if (known !== undefined) {
    const snapshot = `${directory}/snapshots/${known}`;
    if (await hasModel(snapshot)) {
      if (!await hasTokenizer(snapshot)) await fetchTokenizer(directory, known, fetchFile);
      return snapshot;
    }
  }
  const commit = await fetchFile(BRANCH, CONFIG);
  if (commit === undefined) {
    throw new UserError(
      `there is no model ${id} with a ${CONFIG} on ${settings.endpoint}`,
      "NOT_FOUND",
    );
  }
  const snapshot = `${directory}/snapshots/${commit}`;
  await fetchTokenizer(directory, commit, fetchFile);
  let most = await weightsLimit(snapshot); // of all parts together
  if (await fetchFile(commit, WEIGHTS, most) === undefined) {
    if (await fetchFile(commit, WEIGHTS_INDEX) === undefined) {
      throw new UserError(
        `${id} has no weights as safetensors on ${settings.endpoint}`,
        "CHECKPOINT",
      );
    }
    for (const part of (await readWeightsIndex(`${snapshot}/${WEIGHTS_INDEX}`)).keys()) {
      if (await fetchFile(commit, part, most) === undefined) {
        throw new UserError(`${id} has no ${part}, which its ${WEIGHTS_INDEX} lists`, "CHECKPOINT");
      }
      most -= (await Deno.stat(`${snapshot}/${part}`)).size;
    }
  }
  await write(ref, () => replaceText(ref, commit, `${ref}.${crypto.randomUUID()}`));
  return snapshot;
}

/** Gets a file of a revision, as {@linkcode fetchTo} does. */
type FetchFile = (revision: string, file: string, most?: number) => Promise<string | undefined>;

/**
 * Gets all that there is of a tokenizer. What the model lacks is marked, as Hugging Face's tools do
 * it, and not asked for again.
 */
async function fetchTokenizer(
  directory: string,
  commit: string,
  fetchFile: FetchFile,
): Promise<void> {
  for (const file of TOKENIZER_FILES) {
    const mark = `${directory}/.no_exist/${commit}/${file}`;
    if (await fileExists(`${directory}/snapshots/${commit}/${file}`)) continue;
    if (await fileExists(mark) || await fetchFile(commit, file) !== undefined) continue;
    await write(mark, () => replaceText(mark, "", `${mark}.${crypto.randomUUID()}`));
  }
}

/** Gets a file into the snapshot of its commit; returns that commit, or undefined without a file. */
async function fetchTo(
  directory: string,
  { id, revision, file, most }: { id: string; revision: string; file: string; most: number },
  settings: HubSettings,
  onProgress: DownloadOptions["onProgress"],
): Promise<string | undefined> {
  const found = await locate(id, revision, file, settings);
  if (!found) return undefined;
  const { commit, etag, size, url } = found;
  const blob = `${directory}/blobs/${etag}`;
  const isAtHub = new URL(url).origin === new URL(settings.endpoint).origin;
  const authorization = settings.token && isAtHub ? `Bearer ${settings.token}` : undefined;
  await write(blob, async () => {
    if (await fileExists(blob)) return;
    await download(found, blob, most, { ...settings.http, authorization }, (bytes) => {
      onProgress?.(file, bytes, size);
    });
  });
  const link = `${directory}/snapshots/${commit}/${file}`;
  await write(link, async () => {
    // A hard link, which most file systems have, and which needs no rights as a symbolic one may.
    await Deno.link(blob, link).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) return addCopy(blob, link);
    });
  });
  return commit;
}

/** Copies a file; the copy has its name once it is whole. */
async function addCopy(from: string, to: string): Promise<void> {
  const directory = to.slice(0, to.lastIndexOf("/"));
  const temporary = `${directory}/.copy-${crypto.randomUUID()}`;
  try {
    await copyFile(from, temporary);
    await Deno.rename(temporary, to);
  } catch (error) {
    await removeFile(temporary);
    throw error;
  }
}

/** Whether a snapshot has a configuration and all weights. */
async function hasModel(snapshot: string): Promise<boolean> {
  if (!await fileExists(`${snapshot}/${CONFIG}`)) return false;
  if (await fileExists(`${snapshot}/${WEIGHTS}`)) return true;
  const index = `${snapshot}/${WEIGHTS_INDEX}`;
  if (!await fileExists(index)) return false;
  for (const part of (await readWeightsIndex(index)).keys()) {
    if (!await fileExists(`${snapshot}/${part}`)) return false;
  }
  return true;
}

/**
 * Whether a snapshot has a tokenizer. Another tool may have left a model without it, which does not
 * mean that its tokens are GPT-2's.
 */
async function hasTokenizer(snapshot: string): Promise<boolean> {
  const isThere = (file: string) => fileExists(`${snapshot}/${file}`);
  return await isThere("tokenizer.json") ||
    await isThere("vocab.json") && await isThere("merges.txt");
}

/** The commit that the cache has of the branch; undefined if it has none. */
async function readRef(path: string): Promise<string | undefined> {
  const commit = (await readTextIfThere(path))?.trim();
  return commit !== undefined && /^[0-9a-f]{40}$/.test(commit) ? commit : undefined;
}

/** Does what writes a file, in a directory that is made if need be. */
async function write(path: string, action: () => Promise<void>): Promise<void> {
  try {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await action();
  } catch (error) {
    throw fileError(error, `${path}: cannot write`);
  }
}
