// A linear map: a block of a span of parameters, and a matrix of its own.
struct Map {
  // The block: where it starts, and the elements from one of its rows to the next.
  offset: u32,
  rows: u32,
  columns: u32,
  stride: u32,
  // Rows of the block that one workgroup copies.
  share: u32,
  // Where the matrix starts, and whether it is the block's transpose.
  matrix: u32,
  transposed: u32,
  // Which of the sums is its gradient's sum of squares.
  squares: u32,
  // Where the partial sums of the inner product of gradient and direction start.
  products: u32,
}
