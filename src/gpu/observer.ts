/** Watches the plans that run on a device, section by section; see `profile.ts`. */
export interface PlanObserver {
  /** Whether to run the operations of a section. */
  includes(section: string): boolean;
  /** Where the next compute pass, of this section, writes the times of its begin and end. */
  timestampWrites(section: string): GPUComputePassTimestampWrites | undefined;
}
