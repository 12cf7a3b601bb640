/** How MPI's launcher started this process. */
export interface Launch {
  /** The library's family, as far as the launcher shows it. */
  family: "Open MPI" | "MPICH" | "MPI";
  /** The number of this process, from 0. */
  rank: number;
  /** How many processes there are, if the launcher says so. */
  size?: number;
  /** The number of this process among those of its host. */
  localRank?: number;
  /** How many those are. */
  localSize?: number;
}

/** The environment variables that {@linkcode findLaunch} reads. */
export const LAUNCH_VARIABLES = [
  ...["OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"],
  ...["OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"],
  ...["PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"],
  ...["PMIX_RANK", "SLURM_NTASKS", "SLURM_LOCALID"],
];

/**
 * How MPI's launcher started this process; undefined if it did not. Slurm's variables alone do not
 * say so: a job's script has them too.
 *
 * @param get Reads an environment variable.
 */
export function findLaunch(get: (name: string) => string | undefined): Launch | undefined {
  const number = (name: string) => {
    const text = get(name);
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const [openMpi, pmi, pmix] = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"].map(number);
  if (openMpi !== undefined) {
    return {
      family: "Open MPI",
      rank: openMpi,
      size: number("OMPI_COMM_WORLD_SIZE"),
      localRank: number("OMPI_COMM_WORLD_LOCAL_RANK"),
      localSize: number("OMPI_COMM_WORLD_LOCAL_SIZE"),
    };
  }
  const slurm = { size: number("SLURM_NTASKS"), localRank: number("SLURM_LOCALID") };
  if (pmi !== undefined) {
    return {
      family: "MPICH",
      rank: pmi,
      size: number("PMI_SIZE") ?? slurm.size,
      localRank: number("MPI_LOCALRANKID") ?? slurm.localRank,
      localSize: number("MPI_LOCALNRANKS"),
    };
  }
  return pmix === undefined ? undefined : { family: "MPI", rank: pmix, ...slurm };
}
