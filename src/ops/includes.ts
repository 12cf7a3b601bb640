import agdChunk from "../../wgsl/optim/agd/include/chunk.wgsl" with { type: "text" };
import agdMap from "../../wgsl/optim/agd/include/map.wgsl" with { type: "text" };
import agdPower from "../../wgsl/optim/agd/include/power.wgsl" with { type: "text" };
import attentionLoad from "../../wgsl/ops/attention/include/load.wgsl" with { type: "text" };
import attentionProduct from "../../wgsl/ops/attention/include/product.wgsl" with { type: "text" };
import attentionTiles from "../../wgsl/ops/attention/include/tiles.wgsl" with { type: "text" };
import gelu from "../../wgsl/ops/include/gelu.wgsl" with { type: "text" };
import matmul from "../../wgsl/ops/matmul/include/shared.wgsl" with { type: "text" };
import workgroupSum from "../../wgsl/ops/include/workgroup_sum.wgsl" with { type: "text" };

/** What kernels may include, by name. */
export const INCLUDES = {
  agd_chunk: agdChunk,
  agd_map: agdMap,
  agd_power: agdPower,
  attention_load: attentionLoad,
  attention_product: attentionProduct,
  attention_tiles: attentionTiles,
  gelu,
  matmul,
  workgroup_sum: workgroupSum,
};
