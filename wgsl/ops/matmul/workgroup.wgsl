// out = alpha * op(A) op(B) + beta * out + diagonal * I + bias, one BLOCK_M x BLOCK_N block per
// workgroup and one TILE_M x TILE_N tile per invocation.
//
// op(A) is (M, K): A itself, or if A_TRANSPOSED the transpose of the stored (K, M).
// op(B) is (K, N): B itself, or if B_TRANSPOSED the transpose of the stored (N, K).
// The grid's z axis is the batch. The workgroup loads panels of BLOCK_K columns of op(A) and rows
// of op(B) into its memory, and while it multiplies them it fetches the next ones into registers.
// Every stored row is a multiple of 4 long and so is K, and what a tile reads past M or N only
// reaches sums that are not stored.

//: include shared

// Where a row of a panel starts, in vec4s; one more than it holds keeps stores off the same banks.
const pitch_a = ${BLOCK_M}u / 4u + 1u;
const pitch_b = ${BLOCK_N}u / 4u + 1u;
// (BLOCK_K, BLOCK_M) and (BLOCK_K, BLOCK_N)
var<workgroup> panel_a: array<vec4f, ${BLOCK_K}u * pitch_a>;
var<workgroup> panel_b: array<vec4f, ${BLOCK_K}u * pitch_b>;

const threads_m = ${BLOCK_M}u / ${TILE_M}u;
const threads_n = ${BLOCK_N}u / ${TILE_N}u;
const threads = threads_m * threads_n;
// A panel is loaded in squares of 4 x 4.
const squares_a = ${BLOCK_M}u * ${BLOCK_K}u / 16u;
const squares_k = ${BLOCK_K}u / 4u;

// Which square of a panel: along K, and along M or N.
fn square_of_a(index: u32) -> vec2u {
//: if A_TRANSPOSED
  return vec2u(index / (${BLOCK_M}u / 4u), index % (${BLOCK_M}u / 4u));
//: else
  return vec2u(index % squares_k, index / squares_k);
//: end
}

fn square_of_b(index: u32) -> vec2u {
//: if B_TRANSPOSED
  return vec2u(index % squares_k, index / squares_k);
//: else
  return vec2u(index / (${BLOCK_N}u / 4u), index % (${BLOCK_N}u / 4u));
//: end
}

// A square of op(A), one column of the matrix for each k; what lies past K is 0.
fn fetch_a(start: u32, k: u32, row: u32) -> mat4x4f {
  if (k >= parameters.k) { return mat4x4f(); }
//: if A_TRANSPOSED
  return mat4x4f(
//: for p in 0..4
    load_a(start, k + ${p}u, row, parameters.k, parameters.m),
//: end
  );
//: else
  return transpose(mat4x4f(
//: for p in 0..4
    load_a(start, row + ${p}u, k, parameters.m, parameters.k),
//: end
  ));
//: end
}

fn fetch_b(start: u32, k: u32, column: u32) -> mat4x4f {
  if (k >= parameters.k) { return mat4x4f(); }
//: if B_TRANSPOSED
  return transpose(mat4x4f(
//: for p in 0..4
    load_b(start, column + ${p}u, k, parameters.n, parameters.k),
//: end
  ));
//: else
  return mat4x4f(
//: for p in 0..4
    load_b(start, k + ${p}u, column, parameters.k, parameters.n),
//: end
  );
//: end
}

// Squares are numbered through both panels.
fn fetch(start_a: u32, start_b: u32, index: u32, k: u32, row: u32, column: u32) -> mat4x4f {
  if (index < squares_a) {
    let square = square_of_a(index);
    return fetch_a(start_a, k + square.x * 4u, row + square.y * 4u);
  }
  let square = square_of_b(index - squares_a);
  return fetch_b(start_b, k + square.x * 4u, column + square.y * 4u);
}

fn keep(index: u32, values: mat4x4f) {
  if (index < squares_a) {
    let square = square_of_a(index);
//: for p in 0..4
    panel_a[(square.x * 4u + ${p}u) * pitch_a + square.y] = values[$p];
//: end
    return;
  }
  let square = square_of_b(index - squares_a);
//: for p in 0..4
  panel_b[(square.x * 4u + ${p}u) * pitch_b + square.y] = values[$p];
//: end
}

@compute @workgroup_size($THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = group.y * ${BLOCK_M}u;
  let column = group.x * ${BLOCK_N}u;
//: if SYMMETRIC
  if (column + ${BLOCK_N}u <= row) { return; }
//: end
  let start_a = group.z * parameters.batch_a;
  let start_b = group.z * parameters.batch_b;
  // A tile is made of 4 x 4 squares that lie apart, so that neighbours read neighbouring vec4s.
  let tile_m = thread / threads_n;
  let tile_n = thread % threads_n;

//: for i in 0..TILE_M4
//: for r in xyzw
//: for j in 0..TILE_N4
  var sum${i}${r}_$j = vec4f();
//: end
//: end
//: end

//: for l in 0..LOADS
  var next$l = fetch(start_a, start_b, thread + ${l}u * threads, 0u, row, column);
//: end
  for (var k = 0u; k < parameters.k; k += ${BLOCK_K}u) {
    workgroupBarrier();
//: for l in 0..LOADS
    keep(thread + ${l}u * threads, next$l);
//: end
    workgroupBarrier();
//: for l in 0..LOADS
    next$l = fetch(start_a, start_b, thread + ${l}u * threads, k + ${BLOCK_K}u, row, column);
//: end
//: for p in 0..BLOCK_K
    {
//: for i in 0..TILE_M4
      let a$i = panel_a[${p}u * pitch_a + ${i}u * threads_m + tile_m];
//: end
//: for j in 0..TILE_N4
      let b$j = panel_b[${p}u * pitch_b + ${j}u * threads_n + tile_n];
//: end
//: for i in 0..TILE_M4
//: for r in xyzw
//: for j in 0..TILE_N4
      sum${i}${r}_$j += a$i.$r * b$j;
//: end
//: end
//: end
    }
//: end
  }

  let start_out = group.z * parameters.batch_out;
//: for j in 0..TILE_N4
  let column$j = column + (${j}u * threads_n + tile_n) * 4u;
//: if SYMMETRIC
//: else
  let bias$j = bias_of(column$j);
//: end
//: end
//: for i in 0..TILE_M4
  let row$i = row + (${i}u * threads_m + tile_m) * 4u;
//: for j in 0..TILE_N4
//: if SYMMETRIC
  store_square(
    start_out,
    row$i,
    column$j,
    mat4x4f(sum${i}x_$j, sum${i}y_$j, sum${i}z_$j, sum${i}w_$j),
  );
//: else
//: for r in xyzw
  store(start_out, row$i + offset_$r, column$j, sum${i}${r}_$j, bias$j);
//: end
//: end
//: end
//: end
}
