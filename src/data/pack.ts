/**
 * Packs token ids into windows of context + 1 ids, across documents. Each window begins with the
 * last id of the one before, so that, with inputs `window[0 .. context)` and targets
 * `window[1 .. context]`, each id but the very first is predicted exactly once. Ids at the end that
 * fill no window are dropped.
 */
export class WindowStream extends TransformStream<Uint32Array, Uint32Array> {
  /** @param context The number of tokens that the model sees. */
  constructor(context: number) {
    let window = new Uint32Array(context + 1);
    let filled = 0;
    super({
      transform(ids, controller) {
        for (let at = 0; at < ids.length;) {
          const part = ids.subarray(at, at + window.length - filled);
          window.set(part, filled);
          filled += part.length;
          at += part.length;
          if (filled < window.length) continue;
          controller.enqueue(window);
          const last = window[context];
          window = new Uint32Array(context + 1);
          window[0] = last;
          filled = 1;
        }
      },
    });
  }
}
