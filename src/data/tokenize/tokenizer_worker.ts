/** A worker that tokenizes: its first message is the {@linkcode ChunkOptions}, then comes text. */
import type { TextChunk } from "../text/reader.ts";
import { type ChunkOptions, createChunkTokenizer, type IdChunk } from "./tokenize.ts";
import { serve } from "../threads/worker_server.ts";

serve((options: ChunkOptions) => {
  const tokenize = createChunkTokenizer(options);
  return (chunk: TextChunk) => {
    const result: IdChunk = tokenize(chunk);
    return { result, transfer: [result.ids.buffer] };
  };
});
