import { joinFirst, listenForOthers } from "./rendezvous.ts";

/** What connections are made with. */
export interface LifelineOptions {
  rank: number;
  /** Replaces bytes by those of the first process. */
  broadcast(bytes: Uint8Array): Promise<void>;
  /** Waits until all processes are here. */
  barrier(): Promise<void>;
  /** Gets the number of a process that has ended, once. */
  onEnd(rank: number): void;
}

/**
 * A connection of the first process to each other, on which nothing is said while all is well: the
 * system closes it when either of them ends, however it does. A process that cannot be reached is not
 * watched.
 */
export class Lifelines implements Disposable {
  readonly #links = new Map<number, Deno.TcpConn>();
  readonly #options: LifelineOptions;
  #isOver = false;

  private constructor(options: LifelineOptions) {
    this.#options = options;
  }

  /** Connects; all processes call this together. */
  static async open(options: LifelineOptions): Promise<Lifelines> {
    const lines = new Lifelines(options);
    const { rank, broadcast, barrier } = options;
    const bytes = new Uint8Array(2048);
    using listener = rank === 0
      ? listenForOthers((other, link) => lines.#watch(other, link))
      : undefined;
    if (listener) new TextEncoder().encodeInto(JSON.stringify(listener.announcement), bytes);
    await broadcast(bytes);
    const text = new TextDecoder().decode(bytes).replace(/\0+$/, "");
    const link = rank > 0 && text ? await joinFirst(JSON.parse(text), rank) : undefined;
    if (link) lines.#watch(0, link);
    await barrier();
    return lines;
  }

  /** The processes that are watched. */
  get watched(): number[] {
    return [...this.#links.keys()];
  }

  /** The first process passes on who has ended; else the end of a connection is that of a process. */
  async #watch(rank: number, link: Deno.TcpConn): Promise<void> {
    link.unref();
    this.#links.set(rank, link);
    const told = new Uint32Array(1);
    const count = await link.read(new Uint8Array(told.buffer)).catch(() => null);
    this.#tell(count === 4 ? told[0] : rank);
  }

  #tell(ended: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const bytes = new Uint8Array(Uint32Array.of(ended).buffer);
    if (this.#options.rank === 0) {
      for (const link of this.#links.values()) link.write(bytes).catch(() => {}); // gone as well
    }
    this.#options.onEnd(ended);
  }

  /** Ends the watch. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }
}
