import { UserError } from "../../errors.ts";
import { readFullySync } from "../../files/transfer.ts";
import { TOKEN_COUNT } from "../../tokens/tokenizer.ts";

/** What numpy.save begins a file with. */
const NUMPY = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Numbers of 16 bits that are looked at in one place: 1 kiB. */
const PLACE = 512;
/** Places, evenly spread: one odd document in one of them decides nothing. */
const PLACES = 16;
/** Fewer numbers than this tell nothing. */
const LEAST = 32;
/** The share of a sample from which it is taken to be of a kind. */
const NEARLY_ALL = 0.9;

/**
 * Makes sure that a file without a header is none of those whose bytes pass for GPT-2 tokens of 16
 * bits, so that a model would be trained on noise or on every second token: ids of 32 or 64 bits,
 * text, NumPy's own format, and zeros.
 *
 * @throws {UserError} If it is.
 */
export function checkHoldsTokens(name: string, file: Deno.FsFile, size: number): void {
  const sample = readSample(file, size);
  const bytes = new Uint8Array(sample.buffer, 0, 2 * sample.length);
  if (NUMPY.every((byte, i) => bytes[i] === byte)) {
    throw foreign(name, "a file of numpy.save", `np.load("${name}").ravel()`);
  }
  if (sample.length < LEAST) return;
  if (sample.every((number) => number === 0)) {
    throw new UserError(
      `${name} holds zeros only, as where a file was not written to its end; get it anew`,
      "DATA",
    );
  }
  if (share(bytes, isText) >= NEARLY_ALL) {
    throw new UserError(`${name} holds text, not tokens: rename it to end in .txt`, "DATA");
  }
  checkWidth(name, sample);
}

/** Ids are far below 2^32 and 2^64, so that the upper numbers of each are 0, and no others. */
function checkWidth(name: string, sample: Uint16Array): void {
  const zeros = [0, 1, 2, 3].map((place) => {
    return share(sample.filter((_, i) => i % 4 === place), (number) => number === 0);
  });
  const areZero = (...places: number[]) => places.every((place) => zeros[place] >= NEARLY_ALL);
  if (!areZero(1, 3)) return;
  const bits = areZero(2) ? 64 : 32;
  const isOther = sample.some((number, i) =>
    i % (bits / 16) > 0 ? number > 0 : number >= TOKEN_COUNT
  );
  if (isOther) {
    throw new UserError(
      `${name} holds numbers of ${bits} bits, not all of which are GPT-2 tokens, below ${TOKEN_COUNT}`,
      "DATA",
    );
  }
  throw foreign(
    name,
    `tokens of ${bits} bits`,
    `np.fromfile("${name}", dtype=np.uint${bits})`,
  );
}

/** @param load How NumPy reads the file. */
function foreign(name: string, what: string, load: string): UserError {
  return new UserError(
    `${name} holds ${what}, not tokens of 16 bits without a header; make them so in Python: ` +
      `import numpy as np; ${load}.astype(np.uint16).tofile("tokens.bin")`,
    "DATA",
  );
}

/** Numbers from all over a file, or the whole of a small one. */
function readSample(file: Deno.FsFile, size: number): Uint16Array {
  const isSmall = size <= 2 * PLACE * PLACES;
  const sample = new Uint16Array(isSmall ? size >> 1 : PLACE * PLACES);
  const places = isSmall ? 1 : PLACES;
  const length = sample.length / places;
  for (let place = 0; place < places; place++) {
    const at = places === 1 ? 0 : (size - 2 * length) * place / (places - 1);
    file.seekSync(at - at % 8, Deno.SeekMode.Start); // so that numbers of 64 bits are whole
    readFullySync(file, new Uint8Array(sample.buffer, 2 * place * length, 2 * length));
  }
  return sample;
}

function share(numbers: Uint8Array | Uint16Array, isSo: (number: number) => boolean): number {
  let count = 0;
  for (const number of numbers) count += Number(isSo(number));
  return count / numbers.length;
}

/** Whether a byte is of ASCII's letters, signs and white space. */
function isText(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
