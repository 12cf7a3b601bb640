// A matrix M in a span of parameters, and where its vectors u and, right after it, v are.
struct Map {
  offset: u32,
  rows: u32,
  columns: u32,
  // Elements from one row to the next.
  stride: u32,
  vectors: u32,
}
