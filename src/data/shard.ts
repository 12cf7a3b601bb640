import { UserError } from "../errors.ts";

/** A file of documents, and where its bytes are. Plain data, so that it can be sent to a worker. */
export interface Shard {
  /** What errors call it: the path as the user knows it. Its ending says of what kind it is. */
  readonly name: string;
  /** The path of the file that holds the bytes. */
  readonly source: string;
  /** The number of bytes as stored, if known. */
  readonly size?: number;
}

/**
 * Opens a shard for reading, from its first byte to its last as they are stored. It is read no
 * faster than they are taken, and closed when the stream ends, fails or is cancelled.
 *
 * @throws {UserError} If it cannot be opened.
 */
export async function openShard({ name, source }: Shard): Promise<ReadableStream<Uint8Array>> {
  try {
    return (await Deno.open(source)).readable;
  } catch (error) {
    throw new UserError(`cannot read ${name}: ${(error as Error).message}`);
  }
}
