/**
 * One of `parts` linear maps stored side by side along the columns, such as the query map of
 * `c_attn`. A vector counts as a matrix of one row.
 *
 * @param matrix (rows, parts · columns)
 * @returns a copy of block number `part`, (rows, columns)
 */
export function columnBlock(
  matrix: Float64Array,
  rows: number,
  parts: number,
  part: number,
): Float64Array {
  const columns = matrix.length / rows / parts;
  const block = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      block[r * columns + c] = matrix[(r * parts + part) * columns + c];
    }
  }
  return block;
}

/**
 * Subtracts `scale` times a block from block number `part` of a matrix, in place.
 *
 * @param matrix (rows, parts · columns)
 * @param block (rows, columns)
 */
export function subtractFromColumnBlock(
  matrix: Float64Array,
  rows: number,
  parts: number,
  part: number,
  scale: number,
  block: Float64Array,
): void {
  const columns = matrix.length / rows / parts;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      matrix[(r * parts + part) * columns + c] -= scale * block[r * columns + c];
    }
  }
}
