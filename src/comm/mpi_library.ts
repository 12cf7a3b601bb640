import { UserError } from "../errors.ts";
import type { Launch } from "./launch.ts";

/** A handle of MPI's: an integer in MPICH's ABI, an address in Open MPI's. */
type Handle = bigint;

/**
 * Handles and addresses are passed as integers of 64 bits, which take the same register as either:
 * so one table serves both ABIs.
 */
const FUNCTIONS = {
  MPI_Init_thread: { parameters: ["u64", "u64", "i32", "buffer"], result: "i32" },
  MPI_Comm_rank: { parameters: ["u64", "buffer"], result: "i32" },
  MPI_Comm_size: { parameters: ["u64", "buffer"], result: "i32" },
  MPI_Get_processor_name: { parameters: ["buffer", "buffer"], result: "i32" },
  MPI_Isend: {
    parameters: ["buffer", "i32", "u64", "i32", "i32", "u64", "buffer"],
    result: "i32",
  },
  MPI_Irecv: {
    parameters: ["buffer", "i32", "u64", "i32", "i32", "u64", "buffer"],
    result: "i32",
  },
  MPI_Test: { parameters: ["buffer", "buffer", "u64"], result: "i32" },
  MPI_Allreduce: {
    parameters: ["u64", "buffer", "i32", "u64", "u64", "u64"],
    result: "i32",
    nonblocking: true,
  },
  MPI_Allgather: {
    parameters: ["buffer", "i32", "u64", "buffer", "i32", "u64", "u64"],
    result: "i32",
    nonblocking: true,
  },
  MPI_Bcast: {
    parameters: ["buffer", "i32", "u64", "i32", "u64"],
    result: "i32",
    nonblocking: true,
  },
  MPI_Finalize: { parameters: [], result: "i32", nonblocking: true },
  MPI_Abort: { parameters: ["u64", "i32"], result: "i32" },
} as const;

const VERSION = {
  MPI_Get_library_version: { parameters: ["buffer", "buffer"], result: "i32" },
} as const;

/** Those of Open MPI's symbols whose addresses are handles. */
const OPEN_MPI_SYMBOLS = {
  ompi_mpi_comm_world: { type: "pointer" },
  ompi_mpi_float: { type: "pointer" },
  ompi_mpi_byte: { type: "pointer" },
  ompi_mpi_op_sum: { type: "pointer" },
} as const;

/** What differs between the ABIs. */
interface Handles {
  world: Handle;
  float: Handle;
  byte: Handle;
  sumOperation: Handle;
  /** The address that stands for a sum in place. */
  inPlace: bigint;
  /** The address that stands for a status that nobody wants. */
  ignoredStatus: bigint;
}

/** From MPICH's mpi.h, whose ABI Intel MPI and MVAPICH share (https://www.mpich.org/abi/). */
const MPICH_HANDLES: Handles = {
  world: 0x44000000n,
  float: 0x4c00040an,
  byte: 0x4c00010dn,
  sumOperation: 0x58000003n,
  inPlace: 0xffff_ffff_ffff_ffffn,
  ignoredStatus: 1n,
};

/** An MPI library that is loaded. */
export interface MpiLibrary extends Handles {
  /** The file, as it was looked for. */
  readonly path: string;
  /** What it says to be, e.g. `Open MPI v4.1.4`. */
  readonly version: string;
  /** Its functions. */
  readonly functions: Deno.DynamicLibrary<typeof FUNCTIONS>["symbols"];
}

/** Names of the library: the system's loader looks for them. */
const NAMES = {
  "Open MPI": ["libmpi.so.40"],
  // Intel MPI and MPICH built from source have the second name.
  "MPICH": ["libmpich.so.12", "libmpi.so.12"],
  "MPI": ["libmpi.so.40", "libmpich.so.12", "libmpi.so.12"],
};

/** What to install, by family. */
const PACKAGES = {
  "Open MPI": "Open MPI 4 or 5 (Debian: apt-get install openmpi-bin)",
  "MPICH": "MPICH 4 (Debian: apt-get install mpich)",
  "MPI": "Open MPI 4 or 5, or MPICH 4 (Debian: apt-get install openmpi-bin, or mpich)",
};

/**
 * Loads the MPI library that belongs to the launcher.
 *
 * @param path Another one. @default the family's, where the system's loader finds it
 * @param versionOf What the library of a name says to be; undefined if it cannot be loaded.
 * @throws {UserError} If there is none, or it has neither Open MPI's ABI nor MPICH's.
 */
export function openMpiLibrary(
  { family }: Launch,
  path?: string,
  versionOf = readVersion,
): MpiLibrary {
  const names = path === undefined ? NAMES[family] : [path];
  for (const name of names) {
    const version = versionOf(name);
    if (version !== undefined) return load(name, version);
  }
  throw new UserError(
    path === undefined
      ? `this process was started by the launcher of ${family}, but the system's loader finds no ` +
        `${names.join(" or ")}: install ${PACKAGES[family]}, or name the library with --mpi`
      : `${path} cannot be loaded as an MPI library: name one of ${PACKAGES.MPI} with --mpi`,
    "NOT_FOUND",
  );
}

/** What a library says to be, on a line; undefined if it cannot be loaded. */
function readVersion(path: string): string | undefined {
  let library: Deno.DynamicLibrary<typeof VERSION>;
  try {
    library = Deno.dlopen(path, VERSION);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
  const [text, length] = [new Uint8Array(8192), new Int32Array(1)];
  library.symbols.MPI_Get_library_version(text, length);
  library.close();
  const [line] = new TextDecoder().decode(text.subarray(0, length[0])).split("\n");
  return line.replaceAll(/[\s\0]+/g, " ").trim();
}

function load(path: string, version: string): MpiLibrary {
  const isOpenMpi = /^Open MPI v[45]\./.test(version);
  if (!isOpenMpi && !/^(MPICH Version: ?[345]|MVAPICH|Intel\(R\) MPI)/i.test(version)) {
    throw new UserError(
      `${path} is ${version || "an unknown library"}, which has another ABI: install ` +
        `${PACKAGES.MPI}, or name its library with --mpi`,
      "UNSUPPORTED",
    );
  }
  const { symbols: functions } = Deno.dlopen(path, FUNCTIONS);
  return { path, version, functions, ...isOpenMpi ? openMpiHandles(path) : MPICH_HANDLES };
}

function openMpiHandles(path: string): Handles {
  const { symbols } = Deno.dlopen(path, OPEN_MPI_SYMBOLS);
  const address = (pointer: unknown) =>
    Deno.UnsafePointer.value(pointer as Deno.PointerValue) as bigint;
  return {
    world: address(symbols.ompi_mpi_comm_world),
    float: address(symbols.ompi_mpi_float),
    byte: address(symbols.ompi_mpi_byte),
    sumOperation: address(symbols.ompi_mpi_op_sum),
    inPlace: 1n,
    ignoredStatus: 0n,
  };
}
