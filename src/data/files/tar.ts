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
  let own: Header | Pax | undefined; // facts about the next member, from before its header
  let common: Pax | undefined; // about all further ones
  while (!await input.atEnd()) {
    const start = input.position;
    const header = parse(await input.read(BLOCK), own, common);
    hasEnd = header?.nullBlock ?? false;
    if (hasEnd) continue;
    if (!header?.cksumValid) {
      if (isFirst) {
        throw new UserError(`${name} is not a tar archive, though its name says so`, "DATA");
      }
      throw new DataError(
        `${name} is damaged: byte ${start} should begin a member of the archive; download it ` +
          "again, or keep what is whole with --skip-bad",
      );
    }
    isFirst = false;
    const size = header.size ?? 0;
    const offset = input.position;
    const text = async () => {
      if (size <= MAX_FACTS) return new TextDecoder().decode(await input.read(size));
      throw new DataError(`${name} is damaged: a name of ${size} bytes at byte ${start}`);
    };
    switch (header.type) {
      case "ExtendedHeader":
      case "OldExtendedHeader":
        own = Pax.parse(await text(), own);
        break;
      case "GlobalExtendedHeader":
        common = Pax.parse(await text(), common, true);
        break;
      case "NextFileHasLongPath":
      case "OldGnuLongPath":
        own = Object.assign(own ?? new Pax({}), { path: (await text()).replace(/\0.*$/s, "") });
        break;
      case "NextFileHasLongLinkpath":
        break; // facts that go before may be about the same member
      case "File":
      case "OldFile":
      case "ContiguousFile":
        // node-tar's header puts its own beginning of a long path before the whole one.
        yield { path: plain(own?.path ?? common?.path ?? header.path ?? ""), offset, size };
        own = undefined;
        break;
      case "SparseFile":
        throw new DataError(
          `${name}: its member at byte ${start} is a sparse file, which cannot be read in place; ` +
            "unpack the archive",
        );
      default: // directories, links, devices
        own = undefined;
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

function plain(path: string): string {
  return path.replace(/^(\.\/)+/, "");
}

/** The header in a block, or undefined if it is none. */
function parse(block: Uint8Array, own?: Header | Pax, common?: Pax): Header | undefined {
  try {
    return new Header(Buffer.from(block), 0, own, common);
  } catch {
    return undefined;
  }
}
