/**
 * The transpose of a matrix.
 *
 * @param x (rows, columns)
 * @returns xᵀ (columns, rows)
 */
export function transpose(x: Float64Array, rows: number, columns: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) y[c * rows + r] = x[r * columns + c];
  }
  return y;
}
