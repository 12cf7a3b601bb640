/**
 * Gives the memory of an array back at once; the array is empty then. Garbage collection would let
 * tens of megabytes gather in each thread, as it is driven by objects and these arrays are few.
 */
export function free({ buffer }: { buffer: ArrayBuffer }): void {
  buffer.transfer(0);
}
