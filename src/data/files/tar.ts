import { Buffer } from "node:buffer";
import { Header } from "tar/header";
import { Pax } from "tar/pax";
import { UserError } from "../../errors.ts";
import { DataError } from "./data_error.ts";

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
    const header = parse(await input.read(BLOCK), facts);
    hasEnd = header?.nullBlock ?? false;
    if (hasEnd) continue;
    if (!header?.cksumValid) throw noHeader(name, start, isFirst);
    isFirst = false;
    const size = header.size ?? 0;
    const offset = input.position;
    if (FACTS.has(header.type)) {
      if (size > MAX_FACTS) {
        throw new DataError(`${name} is damaged: a name of ${size} bytes at byte ${start}`);
      }
      facts.add(header.type, new TextDecoder().decode(await input.read(size)));
    } else if (header.type !== LINK_PATH) {
      if (header.type === "SparseFile") throw sparse(name, start);
      if (FILES.has(header.type)) yield { path: facts.pathOf(header), offset, size };
      facts.own = undefined;
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
/** Types of headers that tell of the members after them. */
const FACTS = new Set<string>([
  ...["ExtendedHeader", "OldExtendedHeader", "GlobalExtendedHeader"],
  ...["NextFileHasLongPath", "OldGnuLongPath"],
]);

/** One of these too, but of no use; others that go before it may be about the same member. */
const LINK_PATH = "NextFileHasLongLinkpath";

/** Types of regular files; all others are directories, links and devices. */
const FILES = new Set<string>(["File", "OldFile", "ContiguousFile"]);

/** What is said of members before their headers. */
class Facts {
  /** About the next member. */
  own: Header | Pax | undefined;
  /** About all further ones. */
  common: Pax | undefined;

  /** @param type One of {@linkcode FACTS}. */
  add(type: string, text: string): void {
    if (type === "GlobalExtendedHeader") this.common = Pax.parse(text, this.common, true);
    else if (type.endsWith("ExtendedHeader")) this.own = Pax.parse(text, this.own);
    else this.own = Object.assign(this.own ?? new Pax({}), { path: text.replace(/\0.*$/s, "") });
  }

  /** The path of the next member, without `./` at the beginning. */
  pathOf(header: Header): string {
    // node-tar's header puts its own beginning of a long path before the whole one.
    const path = this.own?.path ?? this.common?.path ?? header.path ?? "";
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

function sparse(name: string, start: number): DataError {
  return new DataError(
    `${name}: its member at byte ${start} is a sparse file, which cannot be read in place; ` +
      "unpack the archive",
  );
}
