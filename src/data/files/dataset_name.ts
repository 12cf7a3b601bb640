import { UserError } from "../../errors.ts";
import { isUrl } from "./shard.ts";

const SCHEME = "hf://datasets/";

/** A data set of the Hugging Face Hub, as `hf://datasets/owner/name@revision/path?split=train` names it. */
export interface DatasetName {
  /** `owner/name`, or the name alone of those that have no owner. */
  id: string;
  /** A branch, tag or commit. */
  revision: string;
  /** A file, a directory or a glob in it; undefined for all of it. */
  path?: string;
  /** The part that is wanted, as the data set's card declares it, or else by files' names. */
  split?: string;
}

/** Whether data is on a hub, by its name. */
export function isDataset(name: string): boolean {
  return name.startsWith("hf://");
}

/** Whether data is on a server, by its name. */
export function isRemote(name: string): boolean {
  return isDataset(name) || isUrl(name);
}

/** @throws {UserError} If it has another form. */
export function parseDataset(name: string): DatasetName {
  const id = String.raw`[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*`;
  const revision = String.raw`@(refs/[\w-]+/[\w.-]+|[\w.-]+)`;
  const form = new RegExp(
    `^${SCHEME}(${id})(?:${revision})?(?:/([^?]+?))?/?(?:\\?split=([\\w-]+))?$`,
  );
  const match = name.match(form);
  if (!match || /(^|\/)\.\.?(\/|$)/.test(match[3] ?? "")) {
    throw new UserError(
      `${name} does not name a data set: write hf://datasets/owner/name, if need be with ` +
        "@revision, /path and ?split=train after it",
      "DATA",
    );
  }
  return { id: match[1], revision: match[2] ?? "main", path: match[3], split: match[4] };
}

/** The name of a data set at a commit. */
export function nameAt({ id, path, split }: DatasetName, commit: string): string {
  const rest = path === undefined ? "" : `/${path}`;
  return `${SCHEME}${id}@${commit}${rest}${split === undefined ? "" : `?split=${split}`}`;
}
