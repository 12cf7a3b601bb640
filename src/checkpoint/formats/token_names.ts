import { tokenBytes } from "../../tokens/tokenizer.ts";

/**
 * The character that stands for each byte in a token's name: itself if it can be seen, or else one of
 * those from U+0100 on, in order.
 */
export const CHARACTERS: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isSeen = byte > 0x20 && byte < 0x7f || byte > 0xa0 && byte !== 0xad;
    return String.fromCharCode(isSeen ? byte : next++);
  });
})();

const byteOf = new Map(CHARACTERS.map((character, byte) => [character, byte]));

/** The name of a GPT-2 token that is not `<|endoftext|>`. */
export function nameOf(token: number): string {
  return Array.from(tokenBytes(token), (byte) => CHARACTERS[byte]).join("");
}

/** The bytes that a name stands for: with characters that stand for none, that of a special token. */
export function bytesOf(name: string): Uint8Array {
  const bytes = new Uint8Array(name.length);
  for (let i = 0; i < name.length; i++) {
    const byte = byteOf.get(name[i]);
    if (byte === undefined) return new TextEncoder().encode(name);
    bytes[i] = byte;
  }
  return bytes;
}
