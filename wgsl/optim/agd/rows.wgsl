// The rows of an embedding, a workgroup each: the sum of each one's squares or, with DESCENT, its
// 2-norm, by which the row is divided: the direction of steepest descent. With HISTORY the row is
// divided by the root mean square of its norm over the steps so far where that is larger: then the
// direction is shorter than 1.

struct Parameters {
  rows: u32,
  columns: u32,
  // Where the rows start.
  offset: u32,
  // Where the rows' sums or norms start.
  first: u32,
//: if HISTORY
  // Which row of the embedding is the first.
  start: u32,
//: end
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
//: if DESCENT
// Gradients, and then their directions.
@group(0) @binding(1) var<storage, read_write> values: array<f32>;
//: else
@group(0) @binding(1) var<storage, read> values: array<f32>;
//: end
// Among others, those of the rows; the dual norm is the sum of their 2-norms.
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;
//: if HISTORY
// [0]: whether the step is skipped, [1]: steps done, this one included.
@group(0) @binding(3) var<uniform> progress: vec4f;
// Of each row's norm, the last of t steps counting HISTORY / (HISTORY - 1 + t).
@group(0) @binding(4) var<storage, read_write> mean_squares: array<f32>;
//: end

const threads = ${THREADS}u;
//: include workgroup_sum T=f32

@compute @workgroup_size($THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= parameters.rows) { return; }
  //: if HISTORY
  if (progress[0] != 0.0) { return; }
  //: end
  let start = parameters.offset + row * parameters.columns;
  var sum = 0.0;
  for (var c = thread; c < parameters.columns; c += threads) {
    let value = values[start + c];
    sum += value * value;
  }
  //: if HISTORY
  // Read before the sum, whose barriers part it from the write below.
  let r = parameters.start + row;
  let mean_before = mean_squares[r];
  //: end
  let squares = workgroup_sum(sum, thread);
//: if DESCENT
  //: if HISTORY
  let mean = mix(mean_before, squares, ${HISTORY}.0 / (${HISTORY}.0 - 1.0 + progress[1]));
  let divisor = max(squares, mean);
  //: else
  let divisor = squares;
  //: end
  // Below the normal numbers inverseSqrt may be infinite: such a norm counts as zero.
  let scale = select(0.0, inverseSqrt(divisor), divisor >= 0x1p-126);
  for (var c = thread; c < parameters.columns; c += threads) {
    values[start + c] *= scale;
  }
  if (thread == 0u) {
    partials[parameters.first + row] = sqrt(squares);
    //: if HISTORY
    mean_squares[r] = mean;
    //: end
  }
//: else
  if (thread == 0u) { partials[parameters.first + row] = squares; }
//: end
}
