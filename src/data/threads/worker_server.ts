import { type ErrorCode, UserError } from "../../errors.ts";

/** What a worker answers, and what of it is moved instead of copied. */
export interface Answer<R> {
  result: R;
  transfer?: Transferable[];
}

/** An answer as it is sent: a result or why there is none, with a code if by the user's mistake. */
export type Reply<R> = { result: R } | { message: string; stack?: string; code?: ErrorCode };

/**
 * What is used of a worker's globals. A reference to their library would change the globals of whoever
 * imports this, which registries refuse.
 */
interface WorkerScope {
  onmessage: (event: MessageEvent) => void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;

/**
 * Makes this worker the far end of a {@linkcode WorkerClient}. Requests are answered in order; after
 * one that failed all fail with its error.
 *
 * @param start Given the client's first message; returns what answers requests.
 */
export function serve<I, Q, R>(
  start: (init: I) => (request: Q) => Answer<R> | Promise<Answer<R>>,
): void {
  let answer: ReturnType<typeof start> | undefined;
  let last: Promise<void> = Promise.resolve();
  const reply = async (request: Q) => {
    const { result, transfer = [] } = await answer!(request);
    scope.postMessage({ result } satisfies Reply<R>, transfer);
  };
  scope.onmessage = ({ data }: MessageEvent) => {
    if (!answer) answer = start(data);
    else {
      last = last.then(() => reply(data));
      last.catch(replyError);
    }
  };
}

function replyError(error: Error): void {
  const { message, stack } = error;
  const code = error instanceof UserError ? error.code : undefined;
  scope.postMessage({ message, stack, code } satisfies Reply<never>);
}
