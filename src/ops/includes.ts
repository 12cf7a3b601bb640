import gelu from "../../wgsl/ops/include/gelu.wgsl" with { type: "text" };
import workgroupSum from "../../wgsl/ops/include/workgroup_sum.wgsl" with { type: "text" };

/** GELU and its derivative, for kernels that include `gelu`. */
export const GELU = { gelu };

/** The sum of a number of each invocation of a workgroup, for kernels that include it. */
export const WORKGROUP_SUM = { workgroup_sum: workgroupSum };
