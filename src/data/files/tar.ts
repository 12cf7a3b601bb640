import { Buffer } from "node:buffer";
import { Header } from "tar/header";
import { Pax } from "tar/pax";
import { UserError } from "../../errors.ts";
import { DataError } from "./data_error.ts";
import { paxRecords } from "./pax_records.ts";

const BLOCK = 512;
/** The most bytes that the name of a member, or other facts about it, may take. */
const MAX_FACTS = 1 << 20;

/** Where an archive is read from. Its bytes are read, or skipped, in order. */
export interface TarInput {
  /** Of the next byte. */
  readonly position: number;
  /** @throws {DataError} If there are fewer bytes. */
  read(length: number): Promise<Uint8Array>;
  /** @throws {DataError} If there are fewer bytes. */
  skip(length: number): Promise<void>;
  atEnd(): Promise<boolean>;
}

/** A file in an archive. */
export interface TarMember {
  /** Its path in the archive, without `./` at the beginning. */
  path: string;
  /** Of its first byte in the archive. */
  offset: number;
  /** In bytes. */
  size: number;
  /** Whether holes are left out of it, so that it can only be read by unpacking the archive. */
  isSparse: boolean;
}

/**
 * The regular files in a tar archive (POSIX and GNU), in its order. While a member is at hand the
 * input stands at its first byte, and what is left of the member is skipped before the next. Blocks
 * of zeros are taken for the archive's end only where nothing follows, so that archives that were
 * joined are read to the last.
 *
 * @param name What to call the archive in errors.
 * @throws {UserError} If it is no archive at all.
 * @throws {DataError} If it is cut short or damaged.
 */
export async function* tarMembers(input: TarInput, name: string): AsyncGenerator<TarMember> {
  let hasEnd = false;
  let isFirst = true;
  const facts = new Facts();
  while (!await input.atEnd()) {
    const start = input.position;
    const block = (await input.read(BLOCK)).slice();
    const header = parse(block, facts);
    hasEnd = header?.nullBlock ?? false;
    if (hasEnd) continue;
    if (!header?.cksumValid) throw noHeader(name, start, isFirst);
    isFirst = false;
    const size = header.size ?? 0;
    let offset = input.position;
    if (FACTS.has(header.type)) {
      if (size > MAX_FACTS) {
        throw new DataError(`${name} is damaged: a name of ${size} bytes at byte ${start}`);
      }
      facts.add(header.type, await input.read(size));
    } else if (header.type !== LINK_PATH) {
      const isOldSparse = header.type === "SparseFile";
      if (isOldSparse && block[IS_EXTENDED] !== 0) await skipSparseMap(input);
      offset = input.position;
      const isSparse = isOldSparse || facts.isSparse;
      if (FILES.has(header.type)) yield { path: facts.pathOf(header), offset, size, isSparse };
      facts.forget();
    }
    await input.skip(offset + Math.ceil(size / BLOCK) * BLOCK - input.position);
  }
  if (!hasEnd) {
    throw new DataError(
      `${name} is cut short: it ends at byte ${input.position}, without the mark of an archive's ` +
        "end; download it again, or keep what is whole with --skip-bad",
    );
  }
}

/** In the header of an old GNU sparse file: whether blocks with more of its map follow. */
const IS_EXTENDED = 482;
/** In such a block: whether another one follows. */
const HAS_NEXT = 504;

async function skipSparseMap(input: TarInput): Promise<void> {
  while ((await input.read(BLOCK))[HAS_NEXT] !== 0);
}

/** Types of headers that tell of the members after them. */
const FACTS = new Set<string>([
  ...["ExtendedHeader", "OldExtendedHeader", "GlobalExtendedHeader"],
  ...["NextFileHasLongPath", "OldGnuLongPath"],
]);

/** One of these too, but of no use; others that go before it may be about the same member. */
const LINK_PATH = "NextFileHasLongLinkpath";

/** Types of regular files; all others are directories, links and devices. */
const FILES = new Set<string>(["File", "OldFile", "ContiguousFile", "SparseFile"]);

/** Records of sparse files: of GNU tar and bsdtar, and of star. */
const SPARSE = /^GNU\.sparse\.|^SCHILY\.realsize$/;

/** What is said of members before their headers. */
class Facts {
  /** About the next member. */
  own: Header | Pax | undefined;
  /** About all further ones. */
  common: Pax | undefined;
  /** Whether the next member is a sparse file. */
  isSparse = false;
  /** The name that GNU tar gives a sparse file, whose header has another one. */
  #sparseName: string | undefined;

  /** @param type One of {@linkcode FACTS}. */
  add(type: string, bytes: Uint8Array): void {
    const text = new TextDecoder().decode(bytes);
    if (type.endsWith("ExtendedHeader")) {
      const records = paxRecords(bytes);
      this.isSparse ||= records.keys().some((key) => SPARSE.test(key));
      this.#sparseName = records.get("GNU.sparse.name") ?? this.#sparseName;
    }
    if (type === "GlobalExtendedHeader") this.common = Pax.parse(text, this.common, true);
    else if (type.endsWith("ExtendedHeader")) this.own = Pax.parse(text, this.own);
    else this.own = Object.assign(this.own ?? new Pax({}), { path: text.replace(/\0.*$/s, "") });
  }

  /** Begins with what is about the next member anew. */
  forget(): void {
    this.own = undefined;
    this.isSparse = false;
    this.#sparseName = undefined;
  }

  /** The path of the next member, without `./` at the beginning. */
  pathOf(header: Header): string {
    // node-tar's header puts its own beginning of a long path before the whole one.
    const path = this.#sparseName ?? this.own?.path ?? this.common?.path ?? header.path ?? "";
    return path.replace(/^(\.\/)+/, "");
  }
}

/** The header in a block, or undefined if it is none. */
function parse(block: Uint8Array, { own, common }: Facts): Header | undefined {
  try {
    return new Header(Buffer.from(block), 0, own, common);
  } catch {
    return undefined;
  }
}

function noHeader(name: string, start: number, isFirst: boolean): UserError {
  if (isFirst) {
    return new UserError(`${name} is not a tar archive, though its name says so`, "DATA");
  }
  return new DataError(
    `${name} is damaged: byte ${start} should begin a member of the archive; download it ` +
      "again, or keep what is whole with --skip-bad",
  );
}
