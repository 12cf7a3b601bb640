/** The sequences of one step, B of T tokens, row after row. */
export interface Batch {
  /** (B, T) model token ids. */
  inputs: Uint32Array;
  /** (B, T): the id that follows each; within a row it is the next input. */
  targets: Uint32Array;
  /**
   * Of a stream: the passes over its part of the corpus that were complete before the batch's last
   * sequence was read.
   */
  epoch?: number;
  /** Of a mixture: the same for each source. */
  epochs?: readonly number[];
}
