import { Decompress, type ZstdError, ZstdErrorCode } from "fzstd";
import { UserError } from "../errors.ts";

/**
 * Decompresses zstd (RFC 8878), any number of frames one after the other.
 *
 * It uses fzstd because node:zlib as of Deno 2.9 stops, silently, after the first frame, and takes
 * a truncated frame for a whole one. Memory: the frame's window and one chunk of input.
 *
 * With `skipBad`, damage ends the stream where it occurs, after a NUL byte: a character that is
 * legal nowhere in JSON, so that the line it cuts off never passes for a whole one.
 *
 * The stream fails with a {@linkcode UserError} if the data is no zstd at all and, without
 * `skipBad`, if it is truncated or damaged.
 */
export class ZstdStream extends TransformStream<Uint8Array, Uint8Array> {
  /** @param file What to call the data in errors. */
  constructor(file: string, skipBad = false) {
    let read = 0;
    const decoder = new Decompress();
    const push = (
      chunk: Uint8Array,
      final: boolean,
      controller: TransformStreamDefaultController<Uint8Array>,
    ) => {
      if (read === 0) checkMagic(file, chunk);
      read += chunk.length;
      decoder.ondata = (data) => data.length > 0 && controller.enqueue(data);
      try {
        decoder.push(chunk, final);
      } catch (error) {
        if (!skipBad) throw damage(file, read, error as ZstdError);
        controller.enqueue(new Uint8Array([0]));
        controller.terminate();
      }
    };
    super({
      transform: (chunk, controller) => push(chunk, false, controller),
      flush: (controller) => push(new Uint8Array(), true, controller),
    });
  }
}

/** Every frame begins with one of two numbers, the second one for frames to be skipped. */
function checkMagic(file: string, chunk: Uint8Array): void {
  if (chunk.length === 0) throw new UserError(`${file} is empty; download it again`);
  if (chunk.length < 4) return; // the decoder will find it truncated
  const magic = new DataView(chunk.buffer, chunk.byteOffset).getUint32(0, true);
  if (magic !== 0xfd2fb528 && (magic & 0xfffffff0) >>> 0 !== 0x184d2a50) {
    throw new UserError(`${file} is not zstd data, though its name says so`);
  }
}

function damage(file: string, read: number, error: ZstdError): UserError {
  const what = error.code === ZstdErrorCode.UnexpectedEOF
    ? `is truncated: it ends at byte ${read}, inside a zstd frame`
    : `is damaged: invalid zstd data before byte ${read} (${error.message})`;
  return new UserError(`${file} ${what}; download it again, or keep what is whole with --skip-bad`);
}
