import type { Document } from "./documents.ts";
import { encode, END_OF_TEXT } from "./tokenizer.ts";

/**
 * The documents of one file to GPT-2 tokens, `<|endoftext|>` after each document. Of a `.txt` file,
 * which is one document in pieces, whatever pieces come are joined as they are.
 */
export class TokenizeStream extends TransformStream<Document, number[]> {
  constructor() {
    let open = false;
    super({
      transform({ text, whole }, controller) {
        const tokens = encode(text);
        if (whole) tokens.push(END_OF_TEXT);
        open = !whole;
        controller.enqueue(tokens);
      },
      flush(controller) {
        if (open) controller.enqueue([END_OF_TEXT]);
      },
    });
  }
}
