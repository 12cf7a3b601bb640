/**
 * Processes that train one model together: what they exchange, and MPI, which brings it from one to
 * the other.
 *
 * @example
 * ```ts
 * import { type Communicator, findLaunch, MpiCommunicator, SINGLE_PROCESS } from "@agd/gpt2/comm";
 *
 * const launch = findLaunch((name) => Deno.env.get(name)); // undefined but under mpirun
 * const processes: Communicator = launch ? await MpiCommunicator.open(launch) : SINGLE_PROCESS;
 * console.log(`${processes.rank} of ${processes.size}`);
 * ```
 *
 * @module
 */
export { type Communicator, SINGLE_PROCESS } from "../communicator.ts";
export { findLaunch, type Launch, LAUNCH_VARIABLES } from "./launch.ts";
export { MpiCommunicator, type MpiOptions } from "./mpi.ts";
