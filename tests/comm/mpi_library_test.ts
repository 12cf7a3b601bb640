import { assertEquals, assertThrows } from "@std/assert";
import type { Launch } from "../../src/comm/launch.ts";
import { openMpiLibrary } from "../../src/comm/mpi_library.ts";
import { UserError } from "../../src/errors.ts";

/** What is said where the system's loader finds libraries of these versions, by name. */
function refusal(
  family: Launch["family"],
  installed: Record<string, string>,
  path?: string,
): Pick<UserError, "code" | "message"> {
  const open = () => openMpiLibrary({ family, rank: 0 }, path, (name) => installed[name]);
  const { code, message } = assertThrows(open, UserError);
  return { code, message };
}

Deno.test("MPI library: a file that is none is named, and what would do", () => {
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

Deno.test("MPI library: where none is installed, files looked for are named, and the package", () => {
  // The other family's library does not belong to this launcher.
  assertEquals(refusal("MPICH", { "libmpi.so.40": "Open MPI v4.1.4" }), {
    code: "NOT_FOUND",
    message:
      "this process was started by the launcher of MPICH, but the system's loader finds no " +
      "libmpich.so.12 or libmpi.so.12: install MPICH 4 (Debian: apt-get install mpich), or name the " +
      "library with --mpi",
  });
  const either =
    "install Open MPI 4 or 5, or MPICH 4 (Debian: apt-get install openmpi-bin, or mpich)";
  assertEquals(
    refusal("MPI", {}).message,
    "this process was started by the launcher of MPI, but the system's loader finds no libmpi.so.40 " +
      `or libmpich.so.12 or libmpi.so.12: ${either}, or name the library with --mpi`,
  );
});

Deno.test("MPI library: one of another ABI is named, with what it says to be", () => {
  const open =
    "install Open MPI 4 or 5, or MPICH 4 (Debian: apt-get install openmpi-bin, or mpich)";
  assertEquals(refusal("Open MPI", { "libmpi.so.40": "Open MPI v3.1.6" }), {
    code: "UNSUPPORTED",
    message:
      `libmpi.so.40 is Open MPI v3.1.6, which has another ABI: ${open}, or name its library ` +
      "with --mpi",
  });
  assertEquals(
    refusal("MPICH", { "/opt/libmpi.so": "" }, "/opt/libmpi.so").message,
    `/opt/libmpi.so is an unknown library, which has another ABI: ${open}, or name its library ` +
      "with --mpi",
  );
});
