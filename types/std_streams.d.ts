/** Types of what is used from `@std/streams/text-line-stream`, whose package has none. */
declare module "@std/streams/text-line-stream" {
  /** Splits text into lines, at `\n` and `\r\n`; with `allowCR` at a lone `\r` too. */
  export class TextLineStream extends TransformStream<string, string> {
    constructor(options?: { allowCR?: boolean });
  }
}
