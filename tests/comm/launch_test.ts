import { assertEquals } from "@std/assert";
import { findLaunch, LAUNCH_VARIABLES } from "../../src/comm/launch.ts";

const launchOf = (variables: Record<string, string>) => findLaunch((name) => variables[name]);

Deno.test("launch: without MPI's launcher there is none, also in a job of Slurm's", () => {
  assertEquals(launchOf({}), undefined);
  assertEquals(launchOf({ SLURM_NTASKS: "4", SLURM_LOCALID: "0" }), undefined);
});

Deno.test("launch: Open MPI, MPICH and Slurm say who is who", () => {
  const openMpi = {
    ...{ OMPI_COMM_WORLD_RANK: "3", OMPI_COMM_WORLD_SIZE: "4", PMIX_RANK: "3" },
    ...{ OMPI_COMM_WORLD_LOCAL_RANK: "1", OMPI_COMM_WORLD_LOCAL_SIZE: "2" },
  };
  const local = { localRank: 1, localSize: 2 };
  assertEquals(launchOf(openMpi), { family: "Open MPI", rank: 3, size: 4, ...local });
  const mpich = { PMI_RANK: "0", PMI_SIZE: "2", MPI_LOCALRANKID: "1", MPI_LOCALNRANKS: "2" };
  assertEquals(launchOf(mpich), { family: "MPICH", rank: 0, size: 2, ...local });
  const slurm = { PMIX_RANK: "2", SLURM_NTASKS: "8", SLURM_LOCALID: "0" };
  assertEquals(launchOf(slurm), { family: "MPI", rank: 2, size: 8, localRank: 0 });
});

Deno.test("launch: the task may read the variables", async () => {
  const { default: config } = await import("../../deno.json", { with: { type: "json" } });
  const { env } = config.permissions.train;
  assertEquals(LAUNCH_VARIABLES.filter((name) => !env.includes(name)), []);
});
