import { UserError } from "../errors.ts";
import type { Job, Reply } from "./worker.ts";

/** The near end of a worker that reads data: one promise for each result asked for. */
export class DataWorker<T> {
  #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  #waiting: PromiseWithResolvers<T | undefined>[] = [];
  #job: Job | undefined;
  #failure: Error | undefined;

  /** The job starts with the first request. */
  constructor(job: Job) {
    this.#job = job;
    this.#worker.onmessage = ({ data }: MessageEvent<Reply<T>>) => {
      const waiting = this.#waiting.shift()!;
      if (!("message" in data)) return waiting.resolve(data.result);
      if (data.user) return waiting.reject(new UserError(data.message));
      const error = new Error(data.message);
      error.stack = data.stack;
      waiting.reject(error);
    };
    this.#worker.onerror = (event) => { // the worker itself could not be loaded or went down
      event.preventDefault();
      this.#fail(new Error(`the data worker failed: ${event.message}`));
    };
  }

  /** The next result, or undefined if there are no more. */
  request(): Promise<T | undefined> {
    const waiting = Promise.withResolvers<T | undefined>();
    waiting.promise.catch(() => {}); // a request made ahead of time may never be awaited
    if (this.#failure) waiting.reject(this.#failure);
    else {
      this.#waiting.push(waiting);
      this.#worker.postMessage(this.#job);
      this.#job = undefined;
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
