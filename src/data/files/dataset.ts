import { matchesGlob } from "node:path";
import { UserError } from "../../errors.ts";
import type { HttpOptions } from "../../http/options.ts";
import { probe } from "../../http/remote_file.ts";
import { type HubServer, hubServer } from "../../http/hub_server.ts";
import { askHub } from "./hub_api.ts";
import { type DatasetName, isDataset, nameAt, parseDataset } from "./dataset_name.ts";
import { declaredFiles } from "./dataset_splits.ts";
import { formatOf, KINDS } from "./format.ts";
import type { Shard } from "./shard.ts";

/** A commit's name. */
const COMMIT = /^[0-9a-f]{40}$/;

/** A file of a data set. */
interface HubFile {
  path: string;
  size: number;
}

/**
 * Names of data with the revision of each data set of a hub resolved to its commit, so that they
 * always stand for the same.
 *
 * @throws {UserError} If there is no such data set, or the hub cannot be asked.
 */
export async function pinDatasets(data: readonly string[], http?: HttpOptions): Promise<string[]> {
  const pinned: string[] = [];
  for (const name of data) {
    if (!isDataset(name)) {
      pinned.push(name);
      continue;
    }
    const dataset = parseDataset(name);
    pinned.push(nameAt(dataset, await findCommit(dataset, hubServer(), http)));
  }
  return pinned;
}

/**
 * The data files of a data set of a hub, which are read where they are.
 *
 * @throws {UserError} If there is no such data set or no such file in it, it may not be read, or the
 * hub cannot be asked.
 */
export async function findDataset(name: string, http?: HttpOptions): Promise<Shard[]> {
  const dataset = parseDataset(name);
  const server = hubServer();
  const commit = await findCommit(dataset, server, http);
  const files = (await listFiles(dataset, commit, server, http))
    .filter(await wantedOf(dataset, commit, server, http));
  if (files.length === 0) throw nothingIn(name, dataset);
  const { endpoint, token } = server;
  const authorization = token && `Bearer ${token}`;
  const shards = files.map(({ path, size }) => ({
    name: `hf://datasets/${dataset.id}/${path}`,
    source: `${endpoint}/datasets/${dataset.id}/resolve/${commit}/${encodePath(path)}`,
    size,
    authorization,
  }));
  await checkAccess(shards[0], dataset, endpoint, http);
  return shards;
}

async function findCommit(
  { id, revision }: DatasetName,
  server: HubServer,
  http?: HttpOptions,
): Promise<string> {
  if (COMMIT.test(revision)) return revision;
  const path = `/api/datasets/${id}/revision/${encodeURIComponent(revision)}`;
  const name = revision === "main" ? id : `${id}@${revision}`;
  const { answer } = await askHub(server, path, name, http);
  const sha = (answer as { sha?: unknown } | null)?.sha;
  if (typeof sha === "string" && COMMIT.test(sha)) return sha;
  throw noHub(server);
}

/** All files below the part of the path that is no glob. */
async function listFiles(
  { id }: DatasetName,
  commit: string,
  server: HubServer,
  http?: HttpOptions,
): Promise<HubFile[]> {
  const files: HubFile[] = [];
  let path: string | undefined = `/api/datasets/${id}/tree/${commit}?recursive=true`;
  while (path !== undefined) {
    const { answer, next } = await askHub(server, path, id, http);
    if (!Array.isArray(answer)) throw noHub(server);
    for (const { type, path, size } of answer as Record<string, unknown>[]) {
      if (type === "file" && typeof path === "string" && Number.isSafeInteger(size)) {
        files.push({ path, size: Number(size) });
      }
    }
    path = next;
  }
  return files;
}

function noHub({ endpoint }: HubServer): UserError {
  return new UserError(`${endpoint} does not answer as a Hugging Face hub does`, "NETWORK");
}

/**
 * Which files a name stands for. Those of a split are what the data set's card declares, or else those
 * with the word in their paths.
 */
async function wantedOf(
  { id, path, split }: DatasetName,
  commit: string,
  server: HubServer,
  http?: HttpOptions,
): Promise<(file: HubFile) => boolean> {
  const declared: string[] = [];
  if (split !== undefined) {
    const { answer } = await askHub(server, `/api/datasets/${id}/revision/${commit}`, id, http);
    const card = (answer as { cardData?: unknown } | null)?.cardData;
    declared.push(...declaredFiles(card, split, path !== undefined));
  }
  const isOf = (file: string, place: string) =>
    file === place || file.startsWith(`${place}/`) || matchesGlob(file, place);
  return ({ path: file }) => {
    const content = formatOf(file)?.content;
    const isData = content !== undefined && content !== "bin" && !/(^|\/)\./.test(file);
    if (!isData || path !== undefined && !isOf(file, path)) return false;
    if (declared.length > 0) return declared.some((place) => isOf(file, place));
    return split === undefined || hasWord(file, split);
  };
}

/** Whether a split's name is a word of the path, as in `data/train-00000-of-00005.parquet`. */
function hasWord(path: string, split: string): boolean {
  return path.split(/[^A-Za-z0-9]+/).includes(split);
}

function nothingIn(name: string, { split }: DatasetName): UserError {
  const hint = split === undefined
    ? "look at its files on the hub"
    : `its card declares no split ${split}, and no name of a file has the word ${split} in it; name ` +
      "a path instead of a split";
  return new UserError(`no ${KINDS} file on the hub is ${name}: ${hint}`, "NOT_FOUND");
}

/** Files of a gated data set are listed, but not given. */
async function checkAccess(
  { name, source, authorization }: Shard,
  { id }: DatasetName,
  endpoint: string,
  http?: HttpOptions,
): Promise<void> {
  try {
    await probe(source, name, { ...http, authorization });
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "PERMISSION") throw error;
    throw new UserError(
      `the data set ${id} is gated or private: ask for access on ${endpoint}/datasets/${id} and ` +
        "set HF_TOKEN",
      "PERMISSION",
    );
  }
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
