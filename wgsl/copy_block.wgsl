// Copies a block of columns between a parameter and a matrix of its own, perhaps transposed.
//   LOAD: block -> matrix, divided by its Frobenius norm, the square root of the sum of
//         partials[first..first + count]; a block of zeros stays zero.
//   otherwise: matrix -> block.

struct Parameters {
  // Of the block as the parameter stores it.
  rows: u32,
  columns: u32,
  // Elements from one row of the parameter to the next, and where the block starts.
  stride: u32,
  offset: u32,
  // Where the matrix starts, and whether it is the block's transpose.
  matrix: u32,
  transposed: u32,
  first: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read_write> destination: array<f32>;
//: if LOAD
@group(0) @binding(3) var<storage, read> partials: array<f32>;
//: end

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.rows * parameters.columns) { return; }
  let row = i / parameters.columns;
  let column = i % parameters.columns;
  let in_block = parameters.offset + row * parameters.stride + column;
  let in_matrix = parameters.matrix +
    select(i, column * parameters.rows + row, parameters.transposed != 0u);
  //: if LOAD
  var squares = 0.0;
  for (var p = 0u; p < parameters.count; p++) { squares += partials[parameters.first + p]; }
  // Below the normal numbers inverseSqrt may be infinite: such a norm counts as zero.
  destination[in_matrix] =
    select(0.0, source[in_block] * inverseSqrt(squares), squares >= 0x1p-126);
  //: else
  destination[in_block] = source[in_matrix];
  //: end
}
