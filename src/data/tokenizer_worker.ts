/** A worker that tokenizes: its first message is the {@linkcode TokenizeOptions}, then come texts. */
/// <reference lib="deno.worker" />
import type { TextChunk } from "./reader.ts";
import { createTokenizer, type IdChunk, type TokenizeOptions } from "./tokenize.ts";
import { serve } from "./worker_server.ts";

serve((options: TokenizeOptions) => {
  const tokenize = createTokenizer(options);
  return (chunk: TextChunk) => {
    const result: IdChunk = tokenize(chunk);
    return { result, transfer: [result.ids.buffer] };
  };
});
