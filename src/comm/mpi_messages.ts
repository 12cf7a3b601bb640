import { UserError } from "../errors.ts";
import type { MpiLibrary } from "./mpi_library.ts";

/** Bytes of a message. */
const BYTES = 2048;
const TAG = 22;
/** Milliseconds for which an answer is looked for without a pause. */
const EAGER_MS = 2;

/** A message under way. Buffers must stay where they are until it is through. */
interface Transfer {
  bytes: Uint8Array<ArrayBuffer>;
  request: BigUint64Array<ArrayBuffer>;
}

/** Small messages between two processes, as JSON. Waiting for them leaves the event loop free. */
export class MpiMessages {
  readonly #library: MpiLibrary;
  readonly #timeoutMs: number;
  readonly #done = new Int32Array(1);

  /** @param timeoutMs Milliseconds after which a message is given up. */
  constructor(library: MpiLibrary, timeoutMs: number) {
    this.#library = library;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a message, of at most 2,047 bytes as JSON. */
  async send(to: number, message: unknown): Promise<void> {
    const bytes = new Uint8Array(BYTES);
    new TextEncoder().encodeInto(JSON.stringify(message), bytes.subarray(0, BYTES - 1));
    const transfer = { bytes, request: new BigUint64Array(1) };
    const { functions, byte, world } = this.#library;
    functions.MPI_Isend(bytes, BYTES, byte, to, TAG, world, transfer.request);
    await this.#finish(transfer, to, this.#timeoutMs);
  }

  /**
   * The next message of a process.
   *
   * @param graceMs Milliseconds to wait longer.
   * @throws {UserError} If none comes in time.
   */
  async receive(from: number, graceMs = 0): Promise<unknown> {
    const transfer = { bytes: new Uint8Array(BYTES), request: new BigUint64Array(1) };
    const { functions, byte, world } = this.#library;
    functions.MPI_Irecv(transfer.bytes, BYTES, byte, from, TAG, world, transfer.request);
    await this.#finish(transfer, from, this.#timeoutMs + graceMs);
    const end = transfer.bytes.indexOf(0);
    return JSON.parse(new TextDecoder().decode(transfer.bytes.subarray(0, end)));
  }

  async #finish({ request }: Transfer, peer: number, timeoutMs: number): Promise<void> {
    const { functions, ignoredStatus } = this.#library;
    const start = performance.now();
    for (;;) {
      functions.MPI_Test(request, this.#done, ignoredStatus);
      if (this.#done[0] !== 0) return;
      const waited = performance.now() - start;
      if (waited > timeoutMs) throw new SilentPeer(peer, timeoutMs);
      await new Promise((resolve) => setTimeout(resolve, waited < EAGER_MS ? 0 : 1));
    }
  }
}

/** A process that does not answer. */
export class SilentPeer extends UserError {
  /** @param rank Its number. */
  constructor(readonly rank: number, readonly timeoutMs: number) {
    super(`process ${rank} has not answered for ${timeoutMs / 1000} s`, "NETWORK");
  }
}
