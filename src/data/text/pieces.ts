import { cut } from "../../tokens/cut.ts";

/** The most characters (UTF-16 code units) that a piece of plain text has. */
export const PIECE_LENGTH = 4096;

/**
 * Cuts plain text into pieces of at most {@linkcode PIECE_LENGTH} characters, whatever the chunks
 * that it comes in.
 *
 * A cut falls before a line end if possible, else before a space, and only where text follows
 * that white space at once. GPT-2's tokenizer splits there too, so the tokens of the pieces are
 * those of the whole. Text without white space is cut where the length demands it.
 */
export class PieceStream extends TransformStream<string, string> {
  constructor() {
    let text = "";
    super({
      transform(chunk, controller) {
        text += chunk;
        let start = 0;
        // Two more characters than a piece: those around the latest possible cut.
        while (text.length - start >= PIECE_LENGTH + 2) {
          const end = cut(text, start, PIECE_LENGTH);
          controller.enqueue(text.slice(start, end));
          start = end;
        }
        text = text.slice(start);
      },
      flush(controller) {
        if (text.length > PIECE_LENGTH) {
          const end = cut(text, 0, PIECE_LENGTH);
          controller.enqueue(text.slice(0, end));
          text = text.slice(end);
        }
        if (text !== "") controller.enqueue(text);
      },
    });
  }
}
