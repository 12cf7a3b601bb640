import { UserError } from "../../errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { DataError } from "./data_error.ts";
import { formatOf, holdsText, OTHER_KINDS, TEXT_KINDS } from "./format.ts";
import type { HttpOptions } from "../../http/options.ts";
import { readShard, type Shard } from "./shard.ts";
import { type TarInput, type TarMember, tarMembers } from "./tar.ts";

/** Bytes fetched at once: a header and, where members are small, those after it. */
const WINDOW = 1 << 14;

/** How to treat files, and members of archives, that cannot be read. */
export interface TarIndexOptions {
  /** Take the others. @default false */
  skipBad?: boolean;
  /** Called for each, and for what is cut short unless it will tell when it is read. */
  onBad?: () => void;
  /** For an archive on a server. */
  http?: HttpOptions;
}

/**
 * The data files in a tar archive, as shards of their own. Only headers are read, wherever they
 * are in it. Of members with the same path the last counts, as when unpacking; hidden ones and those that are no data files are left out.
 *
 * @param archive Of known size; if on a server, then on one that gives parts of files.
 * @throws {UserError} If the archive cannot be read, is damaged, or has no data file.
 */
export async function indexTar(
  archive: Shard & { size: number },
  { skipBad, onBad, http }: TarIndexOptions = {},
): Promise<Shard[]> {
  const { name, source, size, version, authorization } = archive;
  const members = new Map<string, TarMember>();
  let last: TarMember | undefined;
  let hasOthers = false;
  if (size < WINDOW) { for await (const _ of readShard(archive, http)); // it may be a Git LFS pointer
   }
  try {
    for await (const member of tarMembers(new SeekingInput(archive, http), name)) {
      last = member;
      hasOthers ||= formatOf(member.path) !== undefined;
      if (isReadable(member, name, { skipBad, onBad })) members.set(member.path, member);
      else members.delete(member.path);
    }
  } catch (error) {
    if (!skipBad || !(error instanceof DataError)) throw error;
    const isCut = last !== undefined && last.offset + last.size > size;
    if (!isCut) onBad?.();
  }
  if (members.size === 0) {
    const others = hasOthers
      ? ` (${OTHER_KINDS} files are not looked for in archives: unpack it)`
      : "";
    throw new UserError(`no ${TEXT_KINDS} file in the archive ${name}${others}`, "DATA");
  }
  return [...members.values()].map((member) => ({
    ...{
      name: `${name}/${member.path}`,
      source,
      offset: member.offset,
      size: member.size,
      version,
      ...authorization === undefined ? {} : { authorization },
    },
  }));
}

/**
 * Whether a member of an archive is to be read: a data file, and no sparse one.
 *
 * @throws {DataError} If it is a sparse one, unless such are to be skipped.
 */
export function isReadable(
  member: TarMember,
  archive: string,
  { skipBad, onBad }: Pick<TarIndexOptions, "skipBad" | "onBad">,
): boolean {
  if (!isDataMember(member)) return false;
  if (!member.isSparse) return true;
  if (!skipBad) {
    throw new DataError(
      `${archive}/${member.path} is a sparse file, which cannot be read in an archive; unpack it, ` +
        "or leave it out with --skip-bad",
    );
  }
  onBad?.();
  return false;
}

/** Whether a member holds documents; those that begin with a dot hold the facts of some system. */
function isDataMember({ path }: TarMember): boolean {
  const format = formatOf(path);
  const isHidden = /(^|\/)\.[^/]*$/.test(path);
  return !isHidden && format !== undefined && holdsText(format);
}

/** Reads a file or URL in places, without what is skipped. */
class SeekingInput implements TarInput {
  position = 0;
  #start = 0;
  #window: Uint8Array = new Uint8Array();

  constructor(readonly archive: Shard & { size: number }, readonly http?: HttpOptions) {}

  atEnd(): Promise<boolean> {
    return Promise.resolve(this.position === this.archive.size);
  }

  async read(length: number): Promise<Uint8Array> {
    this.#check(length);
    const end = this.position + length;
    if (this.position < this.#start || end > this.#start + this.#window.length) {
      const size = Math.min(Math.max(length, WINDOW), this.archive.size - this.position);
      const part = { ...this.archive, offset: this.position, size };
      const reader = new ByteReader(readShard(part, this.http), () => this.#cut());
      this.#start = this.position;
      this.#window = await reader.read(size);
      await reader.close();
    }
    const bytes = this.#window.subarray(this.position - this.#start, end - this.#start);
    this.position = end;
    return bytes;
  }

  async skip(length: number): Promise<void> {
    await Promise.resolve(this.#check(length));
    this.position += length;
  }

  #check(length: number): void {
    if (this.position + length > this.archive.size) throw this.#cut();
  }

  #cut(): DataError {
    const { name, size } = this.archive;
    return new DataError(
      `${name} is cut short: it ends at byte ${size}, inside a member of the archive; download it ` +
        "again, or keep what is whole with --skip-bad",
    );
  }
}
