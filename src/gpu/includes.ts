import gelu from "../../wgsl/include/gelu.wgsl" with { type: "text" };
import matmul from "../../wgsl/include/matmul.wgsl" with { type: "text" };
import workgroupSum from "../../wgsl/include/workgroup_sum.wgsl" with { type: "text" };

/** What kernels may include, by name. */
export const INCLUDES = { gelu, matmul, workgroup_sum: workgroupSum };
