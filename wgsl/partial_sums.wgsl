// Sums over a block of a matrix's columns, in a fixed order: workgroup g writes the sum of its
// share to partials[first + g].
//   PRODUCT: sum of left * right;  SQUARE: sum of left^2;  otherwise: sum of left.
// `right` may be stored transposed, with the block alone in it.

struct Parameters {
  rows: u32,
  columns: u32,
  // Elements from one row of `left` to the next, and where the block starts.
  stride: u32,
  offset: u32,
  // Elements of one workgroup's share.
  share: u32,
  first: u32,
  // Where the block starts in `right`, and whether it is transposed there.
  offset_right: u32,
  transposed: u32,
  // Elements from one row of `right` to the next.
  stride_right: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> left: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;
//: if PRODUCT
@group(0) @binding(3) var<storage, read> right: array<f32>;
//: end

const threads = ${THREADS}u;
var<workgroup> partial: array<f32, threads>;

@compute @workgroup_size($THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let begin = group.x * parameters.share;
  let end = min(begin + parameters.share, parameters.rows * parameters.columns);
  var sum = 0.0;
  for (var i = begin + thread; i < end; i += threads) {
    let row = i / parameters.columns;
    let column = i % parameters.columns;
    let value = left[parameters.offset + row * parameters.stride + column];
    //: if PRODUCT
    let at = select(
      row * parameters.stride_right + column,
      column * parameters.stride_right + row,
      parameters.transposed != 0u,
    );
    sum += value * right[parameters.offset_right + at];
    //: else
    //: if SQUARE
    sum += value * value;
    //: else
    sum += value;
    //: end
    //: end
  }
  partial[thread] = sum;
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { partial[thread] += partial[thread + half]; }
  }
  workgroupBarrier();
  if (thread == 0u) { partials[parameters.first + group.x] = partial[0]; }
}
