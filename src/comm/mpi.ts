import { UsageError, UserError } from "../errors.ts";
import { type Failure, judge, type Report } from "./agreement.ts";
import type { Communicator } from "../communicator.ts";
import type { Launch } from "./launch.ts";
import { Lifelines } from "./lifelines.ts";
import { type MpiLibrary, openMpiLibrary } from "./mpi_library.ts";
import { MpiMessages, SilentPeer } from "./mpi_messages.ts";

/** Elements of a sum at once: MPI counts in 32 bits. */
const MOST_ELEMENTS = 2 ** 28;
/** MPI_THREAD_MULTIPLE: the event loop's thread and one that waits call MPI at the same time. */
const THREAD_MULTIPLE = 3;
/** Milliseconds for which the first process is waited for longer, since it waits for the others. */
const GRACE_MS = 5000;
/** Characters of an error that are passed on. */
const LONGEST_ERROR = 1200;

/** How to take part. */
export interface MpiOptions {
  /** MPI's library. @default the launcher's, where the system's loader finds it */
  path?: string;
  /** Seconds after which a process that does not answer is given up. @default 300 */
  timeout?: number;
}

/**
 * The processes that `mpirun` started, through MPI's own library. Before they exchange anything all
 * agree that they are about to: so whoever comes early waits without a load on the processor, a
 * failure of one ends the call in all with the same error, and a process that is silent for too long
 * is named.
 *
 * @example
 * ```ts
 * import { findLaunch, MpiCommunicator } from "@agd/gpt2";
 *
 * const launch = findLaunch((name) => Deno.env.get(name));
 * if (launch) { // by mpirun
 *   await using processes = await MpiCommunicator.open(launch);
 *   const values = Float32Array.of(processes.rank);
 *   await processes.sum(values);
 * }
 * ```
 */
export class MpiCommunicator implements Communicator, AsyncDisposable {
  readonly rank: number;
  readonly size: number;
  /** The names of all processes' hosts, by rank. */
  hosts: readonly string[] = [];
  /** What the library says to be. */
  readonly version: string;
  readonly #library: MpiLibrary;
  readonly #messages: MpiMessages;
  readonly #timeoutMs: number;
  /** The call under way: calls are made one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  /** Why there is nothing to exchange any more. */
  #end: Error | undefined;
  /** Whether a process is silent or gone, so that there is no ordinary end either. */
  #isBroken = false;
  #isClosed = false;
  /** Rejects once a process is gone. */
  readonly #lost = Promise.withResolvers<never>();
  #lifelines: Lifelines | undefined;
  /** The process that tells of an end: the first one that there is. */
  #teller = 0;

  private constructor(library: MpiLibrary, timeoutMs: number) {
    const { functions, world } = library;
    const number = new Int32Array(1);
    functions.MPI_Init_thread(0n, 0n, THREAD_MULTIPLE, number);
    if (number[0] < THREAD_MULTIPLE) {
      throw new UserError(
        `${library.path} (${library.version}) has no MPI_THREAD_MULTIPLE: use one that has`,
        "UNSUPPORTED",
      );
    }
    functions.MPI_Comm_rank(world, number);
    this.rank = number[0];
    functions.MPI_Comm_size(world, number);
    this.size = number[0];
    this.version = library.version;
    this.#library = library;
    this.#timeoutMs = timeoutMs;
    this.#messages = new MpiMessages(library, timeoutMs);
    this.#lost.promise.catch(() => {}); // told of by whatever is under way, or comes next
  }

  /**
   * Joins the processes that `launch` tells of.
   *
   * @throws {UserError} If there is no library for it, or one that belongs to another launcher.
   */
  static async open(
    launch: Launch,
    { path, timeout = 300 }: MpiOptions = {},
  ): Promise<MpiCommunicator> {
    const library = openMpiLibrary(launch, path);
    const made = new MpiCommunicator(library, 1000 * timeout);
    if (made.size === 1 && (launch.size ?? 1) > 1) {
      await made.close();
      throw new UserError(
        `${library.path} (${library.version}) does not belong to the launcher, which started ` +
          `${launch.size} processes: name the launcher's library with --mpi`,
        "UNSUPPORTED",
      );
    }
    const name = new Uint8Array(512);
    library.functions.MPI_Get_processor_name(name, new Int32Array(1));
    const text = (bytes: Uint8Array) =>
      new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
    made.hosts = (await made.gather(name)).map(text);
    made.#lifelines = await Lifelines.open({
      rank: made.rank,
      broadcast: (bytes) => made.broadcast(bytes, 0),
      barrier: () => made.barrier(),
      onEnd: (rank) => made.#lose(rank),
    });
    return made;
  }

  /** The number of this process among those of its host. */
  get localRank(): number {
    return this.hosts.slice(0, this.rank).filter((host) => host === this.hosts[this.rank]).length;
  }

  /** Whether a process failed, so that nothing can be exchanged any more. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Whether it is this process that tells of an end: the first one that is there. */
  get isTeller(): boolean {
    return this.rank === this.#teller;
  }

  /** Rejects once a process is gone, such as one that was killed: then the others end as well. */
  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  async sum(values: Float32Array): Promise<void> {
    await this.#inTurn(`a sum of ${values.length} numbers`, async () => {
      const { functions, world, float, sumOperation, inPlace } = this.#library;
      for (let start = 0; start < values.length; start += MOST_ELEMENTS) {
        const part = own(values.subarray(start, start + MOST_ELEMENTS));
        const { length } = part;
        await this.#answered(
          functions.MPI_Allreduce(inPlace, part, length, float, sumOperation, world),
        );
      }
    });
  }

  async gather(bytes: Uint8Array): Promise<Uint8Array[]> {
    const { length } = bytes;
    const all = new Uint8Array(length * this.size);
    await this.#inTurn(`a gathering of ${length} bytes`, async () => {
      const { functions, world, byte } = this.#library;
      await this.#answered(
        functions.MPI_Allgather(own(bytes), length, byte, all, length, byte, world),
      );
    });
    return Array.from({ length: this.size }, (_, i) => all.slice(i * length, (i + 1) * length));
  }

  async broadcast(bytes: Uint8Array, root: number): Promise<void> {
    await this.#inTurn(`${bytes.length} bytes of process ${root}`, async () => {
      const { functions, world, byte } = this.#library;
      await this.#answered(functions.MPI_Bcast(own(bytes), bytes.length, byte, root, world));
    });
  }

  async barrier(): Promise<void> {
    await this.#inTurn("a barrier", () => Promise.resolve());
  }

  /**
   * Tells all others that this process cannot go on, at the next call of theirs, which fails.
   *
   * @returns The error that ends all: this one, with the process's number and host unless it is the
   * same everywhere, or that of another process, which was before.
   */
  async fail(error: unknown): Promise<Error> {
    const failure = {
      message: (error instanceof UserError ? error.message : String(error)).slice(0, LONGEST_ERROR),
      code: error instanceof UserError ? error.code : "OTHER",
    } as const;
    const call = { call: "an end", failure };
    await this.#last.catch(() => {});
    try {
      if (!this.#end) await this.#agree(call);
    } catch (told) {
      if (told !== this.#end) throw told;
    }
    return this.#end!;
  }

  /** Leaves, when all others do. Where a process is silent, all are ended. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { functions, world } = this.#library;
    if (!this.#isBroken) {
      try {
        if (!this.#end) await this.#inTurn("an end", () => Promise.resolve());
        await this.#answered(functions.MPI_Finalize());
        return;
      } catch (error) {
        if (!this.#isBroken) throw error;
      }
    }
    // One process comes to tell of it before the others end all.
    if (!this.isTeller) await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
    functions.MPI_Abort(world, 1);
  }

  /** Closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Makes a call after those before it, once all agree on it. */
  #inTurn(call: string, exchange: () => Promise<void>): Promise<void> {
    const turn = async () => {
      await this.#agree({ call });
      await exchange();
    };
    const made = this.#last.then(turn, turn);
    this.#last = made.catch(() => {});
    return made;
  }

  /** @throws {UserError} If a process failed, or is silent. */
  async #agree(report: Report): Promise<void> {
    if (this.#end) throw this.#end;
    let failure: Failure | undefined;
    try {
      const agreed = this.rank === 0 ? this.#decide(report) : this.#follow(report);
      failure = await Promise.race([agreed, this.#lost.promise]);
    } catch (error) {
      if (!(error instanceof SilentPeer)) throw error;
      this.#isBroken = true;
      this.#end = this.#tellSilent(error);
      throw this.#end;
    }
    if (!failure) return;
    const { message, code } = failure;
    this.#end = code === "USAGE" ? new UsageError(message) : new UserError(message, code);
    throw this.#end;
  }

  async #follow(report: Report): Promise<Failure | undefined> {
    const verdict = this.#messages.receive(0, GRACE_MS);
    verdict.catch(() => {}); // unless the message comes through, which tells the same
    await this.#messages.send(0, report);
    const { failure } = await verdict as { failure?: Failure };
    return failure;
  }

  /** Hears all others, and tells them what comes of it. */
  async #decide(report: Report): Promise<Failure | undefined> {
    const others = Array.from({ length: this.size - 1 }, (_, i) => i + 1);
    const heard = await Promise.allSettled(others.map((rank) => this.#messages.receive(rank)));
    const silent = heard.find((one) => one.status === "rejected");
    const failure = silent
      ? { message: this.#tellSilent(silent.reason).message, code: "NETWORK" as const }
      : judge(
        [report, ...heard.map((one) => (one as { value: Report }).value)],
        (rank) => this.#name(rank),
      );
    const answered = others.filter((_, i) => heard[i].status === "fulfilled");
    await Promise.all(answered.map((rank) => this.#messages.send(rank, { failure })));
    if (silent) throw silent.reason;
    return failure;
  }

  /** There is nothing to exchange any more, since a process is gone. */
  #lose(rank: number): void {
    if (this.#isClosed || this.#end) return;
    this.#isBroken = true;
    this.#teller = rank === 0 ? 1 : 0;
    this.#end = new UserError(
      `${this.#name(rank)} is gone: it was killed, or its connection lost`,
      "NETWORK",
    );
    this.#lost.reject(this.#end);
  }

  #tellSilent({ rank, timeoutMs }: SilentPeer): UserError {
    return new UserError(
      `${this.#name(rank)} has not answered for ${timeoutMs / 1000} s (--network-timeout)`,
      "NETWORK",
    );
  }

  #name(rank: number): string {
    return `process ${rank} of ${this.size} on ${this.hosts[rank] ?? "an unknown host"}`;
  }

  /** @throws {UserError} If MPI fails, or does not come back in time. */
  async #answered(call: Promise<number>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#isBroken = true;
        reject(
          this.#end = new UserError(
            `the other processes have not answered for ${this.#timeoutMs / 1000} s ` +
              "(--network-timeout)",
            "NETWORK",
          ),
        );
      }, this.#timeoutMs);
    });
    try {
      const status = await Promise.race([call, late, this.#lost.promise]);
      if (status !== 0) throw new UserError(`MPI failed with the code ${status}`, "NETWORK");
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Values that MPI can be given: not in memory that is shared. */
function own<Values extends ArrayBufferView>(values: Values) {
  return values as Values & ArrayBufferView<ArrayBuffer>;
}
