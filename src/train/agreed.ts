import type { Communicator } from "../communicator.ts";

/** What decides how a run goes on, besides its steps. */
export interface Circumstances {
  /** A clock, in milliseconds. */
  now: () => number;
  /** Whether somebody asked to stop. */
  isAborted: () => boolean;
  /** Seconds to leave at the end. */
  reserve: () => number;
}

/**
 * What all processes must see alike, so that they decide alike: the clock and reserve of the first
 * process, and whether anybody was asked to stop. With several processes all of that changes with
 * {@linkcode update} only, which all call at the same points, and the clock begins at 0: their own
 * clocks began when each of them started.
 */
export class Agreed implements Circumstances {
  readonly #own: Circumstances;
  readonly #communicator: Communicator | undefined;
  readonly #origin: number;
  #ms = 0;
  #isAborted = false;
  #reserve: number;

  /** @param communicator The processes. @default this one alone */
  constructor(own: Circumstances, communicator?: Communicator) {
    this.#own = own;
    this.#communicator = communicator;
    this.#origin = own.now();
    this.#reserve = own.reserve();
  }

  now = (): number => this.#communicator ? this.#ms : this.#own.now();

  isAborted = (): boolean => this.#communicator ? this.#isAborted : this.#own.isAborted();

  reserve = (): number => this.#communicator ? this.#reserve : this.#own.reserve();

  /** Learns how things stand. */
  async update(): Promise<void> {
    if (!this.#communicator) return;
    const { now, isAborted, reserve } = this.#own;
    const mine = Float64Array.of(now() - this.#origin, reserve(), Number(isAborted()));
    const all = (await this.#communicator.gather(new Uint8Array(mine.buffer)))
      .map((bytes) => new Float64Array(bytes.slice().buffer));
    [this.#ms, this.#reserve] = all[0];
    this.#isAborted = all.some(([, , aborted]) => aborted !== 0);
  }
}
