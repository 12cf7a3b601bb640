import { assertEquals, assertThrows } from "@std/assert";
import { openMpiLibrary } from "../../src/comm/mpi_library.ts";
import { UserError } from "../../src/errors.ts";

Deno.test("MPI library: what is none is named, and what would do", () => {
  const launch = { family: "Open MPI", rank: 0 } as const;
  const { message, code } = assertThrows(
    () => openMpiLibrary(launch, "/nowhere/libmpi.so"),
    UserError,
  );
  assertEquals(code, "NOT_FOUND");
  assertEquals(
    message,
    "/nowhere/libmpi.so cannot be loaded as an MPI library: name one of Open MPI 4 or 5, or MPICH 4 " +
      "(Debian: apt-get install openmpi-bin, or mpich) with --mpi",
  );
});
