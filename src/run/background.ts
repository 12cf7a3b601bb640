/** One piece of work at a time that goes on while the caller does something else. */
export class Background implements AsyncDisposable {
  #running: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;

  /** Waits for the work before, and starts this; its errors are thrown by later calls. */
  async start(work: () => Promise<void>): Promise<void> {
    await this.idle();
    this.#running = work().catch((error) => {
      this.#failure = { error };
    });
  }

  /** Throws what the work failed with, if it has. */
  check(): void {
    if (!this.#failure) return;
    const { error } = this.#failure;
    this.#failure = undefined;
    throw error;
  }

  /** Waits until the work is done. */
  async idle(): Promise<void> {
    await this.#running;
    this.check();
  }

  /** Waits until the work is done, whether or not it fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running;
  }
}
