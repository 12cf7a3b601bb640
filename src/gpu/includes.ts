import agdChunk from "../../wgsl/include/agd_chunk.wgsl" with { type: "text" };
import agdMap from "../../wgsl/include/agd_map.wgsl" with { type: "text" };
import agdPower from "../../wgsl/include/agd_power.wgsl" with { type: "text" };
import attentionLoad from "../../wgsl/include/attention_load.wgsl" with { type: "text" };
import attentionProduct from "../../wgsl/include/attention_product.wgsl" with { type: "text" };
import attentionTiles from "../../wgsl/include/attention_tiles.wgsl" with { type: "text" };
import gelu from "../../wgsl/include/gelu.wgsl" with { type: "text" };
import matmul from "../../wgsl/include/matmul.wgsl" with { type: "text" };
import workgroupSum from "../../wgsl/include/workgroup_sum.wgsl" with { type: "text" };

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
