// Sums over rows, in a fixed order: each invocation adds up one column of one block of rows.
// With WEIGHTED it also sums values * (x - mean) * scale, a layer norm's gradient of its gain.
// The blocks' sums are then added up by the same kernel, run over (blocks, columns).

struct Parameters {
  columns: u32,
  rows: u32,
  rows_per_block: u32,
  // Whether the sums are added to what the output holds.
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
//: include read_scalars NAME=values BINDING=1 TYPE=$TYPE
// (blocks, columns)
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;
//: if WEIGHTED
//: include read_scalars NAME=x BINDING=3 TYPE=f32
//: include read_scalars NAME=statistics BINDING=4 TYPE=f32
// (blocks, columns)
@group(0) @binding(5) var<storage, read_write> weighted_sums: array<f32>;
//: end

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= parameters.columns) { return; }
  let first = id.y * parameters.rows_per_block;
  let last = min(first + parameters.rows_per_block, parameters.rows);
  var sum = 0.0;
  //: if WEIGHTED
  var weighted = 0.0;
  //: end
  for (var row = first; row < last; row++) {
    let at = row * parameters.columns + column;
    let value = read_values(at);
    sum += value;
    //: if WEIGHTED
    let deviation = read_x(at) - read_statistics(2u * row);
    weighted += value * deviation * read_statistics(2u * row + 1u);
    //: end
  }
  let at = id.y * parameters.columns + column;
  if (parameters.accumulate != 0u) { sum += sums[at]; }
  sums[at] = sum;
  //: if WEIGHTED
  weighted_sums[at] = weighted;
  //: end
}
