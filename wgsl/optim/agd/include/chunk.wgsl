// A workgroup's share of a layer, in a span of parameters.
struct Chunk {
  offset: u32,
  rows: u32,
  columns: u32,
  // Elements from one row to the next.
  stride: u32,
  // The layer, or where the chunk's partial sum goes.
  index: u32,
}
