// out = alpha * op(A) op(B) + beta * out + diagonal * I + bias, one TILE_M x TILE_N tile per
// invocation.
//
// op(A) is (M, K): A itself, or if A_TRANSPOSED the transpose of the stored (K, M).
// op(B) is (K, N): B itself, or if B_TRANSPOSED the transpose of the stored (N, K).
// The grid's z axis is the batch. No workgroup memory: each invocation reads both operands as
// vec4 along their contiguous axis and keeps its tile in registers.
//
// With VECTOR every stored row is a multiple of 4 long and so is K, and what a tile reads past M or
// N only reaches sums that are not stored; otherwise each element is read by itself and what lies
// outside reads as 0.

//: include shared

@compute @workgroup_size($WORKGROUP_X, $WORKGROUP_Y)
fn main(
  @builtin(global_invocation_id) id: vec3u,
//: if SYMMETRIC
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
//: end
) {
//: if SYMMETRIC
  // Rows from the top and the bottom in turn: the software driver's threads share them in order, and
  // those at the top have more columns on and above the diagonal.
  let y = select(group.y / 2u, groups.y - 1u - group.y / 2u, group.y % 2u == 1u);
  let row = (y * ${WORKGROUP_Y}u + local.y) * ${TILE_M}u;
//: else
  let row = id.y * ${TILE_M}u;
//: end
  let column = id.x * ${TILE_N}u;
  if (row >= parameters.m || column >= parameters.n) { return; }
//: if SYMMETRIC
  if (column + ${TILE_N}u <= row) { return; }
//: end
  let start_a = id.z * parameters.batch_a;
  let start_b = id.z * parameters.batch_b;

//: for i in 0..TILE_M4
//: for r in ROWS
//: for j in 0..TILE_N4
  var sum${i}${r}_$j = vec4f();
//: end
//: end
//: end

//: if VECTOR
  // Where the vec4s of the first four k stand, and how far from one four to the next.
//: if A_TRANSPOSED
//: for p in xyzw
  let at_a$p = (start_a + offset_$p * parameters.stride_a + row) / 4u;
//: end
  let step_a = parameters.stride_a;
//: else
//: for i in 0..TILE_M4
//: for r in ROWS
  let at_a${i}$r = (start_a + (row + ${i}u * 4u + offset_$r) * parameters.stride_a) / 4u;
//: end
//: end
  let step_a = 1u;
//: end
//: if B_TRANSPOSED
//: for j in 0..TILE_N4
//: for c in xyzw
  let at_b${j}$c = (start_b + (column + ${j}u * 4u + offset_$c) * parameters.stride_b) / 4u;
//: end
//: end
  let step_b = 1u;
//: else
//: for p in xyzw
  let at_b$p = (start_b + offset_$p * parameters.stride_b + column) / 4u;
//: end
  let step_b = parameters.stride_b;
//: end
  var far_a = 0u;
  var far_b = 0u;
//: end
  for (var k = 0u; k < parameters.k; k += 4u) {
    // a…, b…: p counts along k.
//: for i in 0..TILE_M4
//: if A_TRANSPOSED
//: for p in xyzw
//: if VECTOR
    let a${i}$p = read_a(at_a$p + far_a + ${i}u);
//: else
    let a${i}$p = load_a(start_a, k + offset_$p, row + ${i}u * 4u, parameters.k, parameters.m);
//: end
//: end
//: else
//: for r in ROWS
//: if VECTOR
    let a${i}$r = read_a(at_a${i}$r + far_a);
//: else
    let a${i}$r = load_a(start_a, row + ${i}u * 4u + offset_$r, k, parameters.m, parameters.k);
//: end
//: end
//: end
//: end
//: for j in 0..TILE_N4
//: if B_TRANSPOSED
//: for c in xyzw
//: if VECTOR
    let t${j}$c = read_b(at_b${j}$c + far_b);
//: else
    let t${j}$c = load_b(start_b, column + ${j}u * 4u + offset_$c, k, parameters.n, parameters.k);
//: end
//: end
//: for p in xyzw
    let b${j}$p = vec4f(t${j}x.$p, t${j}y.$p, t${j}z.$p, t${j}w.$p);
//: end
//: else
//: for p in xyzw
//: if VECTOR
    let b${j}$p = read_b(at_b$p + far_b + ${j}u);
//: else
    let b${j}$p = load_b(start_b, k + offset_$p, column + ${j}u * 4u, parameters.k, parameters.n);
//: end
//: end
//: end
//: end
//: for p in xyzw
//: for i in 0..TILE_M4
//: for r in ROWS
//: for j in 0..TILE_N4
//: if A_TRANSPOSED
    sum${i}${r}_$j += a${i}$p.$r * b${j}$p;
//: else
    sum${i}${r}_$j += a${i}$r.$p * b${j}$p;
//: end
//: end
//: end
//: end
//: end
//: if VECTOR
    far_a += step_a;
    far_b += step_b;
//: end
  }

  let start_out = id.z * parameters.batch_out;
//: if SYMMETRIC
//: for i in 0..TILE_M4
//: for j in 0..TILE_N4
  store_square(
    start_out,
    row + ${i}u * 4u,
    column + ${j}u * 4u,
    mat4x4f(
//: for r in ROWS
      sum${i}${r}_$j,
//: end
    ),
  );
//: end
//: end
//: else
//: for j in 0..TILE_N4
  let bias$j = bias_of(column + ${j}u * 4u);
//: end
//: for i in 0..TILE_M4
//: for r in ROWS
//: for j in 0..TILE_N4
  store(start_out, row + ${i}u * 4u + offset_$r, column + ${j}u * 4u, sum${i}${r}_$j, bias$j);
//: end
//: end
//: end
//: end
}
