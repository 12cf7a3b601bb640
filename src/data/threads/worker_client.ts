import { UserError } from "../../errors.ts";
import type { Reply } from "./worker_server.ts";

/** The near end of a worker that calls {@linkcode serve}: one promise for each request. */
export class WorkerClient<Q, R> {
  readonly #worker: Worker;
  readonly #waiting: PromiseWithResolvers<R>[] = [];
  #failure: Error | undefined;

  /** @param init The worker's first message. */
  constructor(url: URL, init: unknown) {
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Reply<R>>) => {
      const waiting = this.#waiting.shift()!;
      if ("result" in data) return waiting.resolve(data.result);
      if (data.code) return waiting.reject(new UserError(data.message, data.code));
      const error = new Error(data.message);
      error.stack = data.stack;
      waiting.reject(error);
    };
    this.#worker.onerror = (event) => { // the worker itself could not be loaded or went down
      event.preventDefault();
      this.#fail(new Error(`the data worker failed: ${event.message}`));
    };
    this.#worker.postMessage(init);
  }

  /** The number of requests without an answer. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * The answer to a request.
   *
   * @param transfer What of it is moved instead of copied.
   */
  request(message: Q, transfer: Transferable[] = []): Promise<R> {
    const waiting = Promise.withResolvers<R>();
    waiting.promise.catch(() => {}); // a request made ahead of time may never be awaited
    if (this.#failure) waiting.reject(this.#failure);
    else {
      this.#waiting.push(waiting);
      this.#worker.postMessage(message, transfer);
    }
    return waiting.promise;
  }

  /** Stops the worker at once, whatever it is doing; open requests fail. */
  close(): void {
    this.#fail(new Error("the data worker is closed"));
    this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#failure);
  }
}
