// out = alpha * op(A) op(B) + beta * out + bias, one TILE_M x TILE_N tile per invocation.
//
// op(A) is (M, K): A itself, or if A_TRANSPOSED the transpose of the stored (K, M).
// op(B) is (K, N): B itself, or if B_TRANSPOSED the transpose of the stored (N, K).
// The grid's z axis is the batch. No workgroup memory: each invocation reads both operands as
// vec4 along their contiguous axis and keeps its tile in registers.
//
// With VECTOR every stored row is a multiple of 4 long and so is K, and what a tile reads past M or
// N only reaches sums that are not stored; otherwise each element is read by itself and what lies
// outside reads as 0.

struct Parameters {
  m: u32,
  n: u32,
  k: u32,
  has_bias: u32,
  // Elements from one matrix of the batch to the next.
  batch_a: u32,
  batch_b: u32,
  batch_out: u32,
  alpha: f32,
  beta: f32,
  // Elements from one stored row to the next.
  stride_a: u32,
  stride_b: u32,
  stride_out: u32,
}

const offset_x = 0u;
const offset_y = 1u;
const offset_z = 2u;
const offset_w = 3u;

@group(0) @binding(0) var<uniform> parameters: Parameters;
//: if VECTOR
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
//: else
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
//: end

// Four numbers of a stored row of A, from `column` on. `rows` and `columns` are those stored.
fn load_a(start: u32, row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
//: if VECTOR
  return a[(start + row * parameters.stride_a + column) / 4u];
//: else
  var value = vec4f();
  //: for e in 0..4
  if (row < rows && column + ${e}u < columns) {
    value[$e] = a[start + row * parameters.stride_a + column + ${e}u];
  }
  //: end
  return value;
//: end
}

fn load_b(start: u32, row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
//: if VECTOR
  return b[(start + row * parameters.stride_b + column) / 4u];
//: else
  var value = vec4f();
  //: for e in 0..4
  if (row < rows && column + ${e}u < columns) {
    value[$e] = b[start + row * parameters.stride_b + column + ${e}u];
  }
  //: end
  return value;
//: end
}

fn store(start: u32, row: u32, column: u32, product: vec4f) {
  if (row >= parameters.m) { return; }
  let at = start + row * parameters.stride_out + column;
//: if VECTOR
  if (column >= parameters.n) { return; }
  var value = parameters.alpha * product;
  if (parameters.has_bias != 0u) { value += bias[column / 4u]; }
  if (parameters.beta != 0.0) { value += parameters.beta * out[at / 4u]; }
  out[at / 4u] = value;
//: else
  //: for e in 0..4
  if (column + ${e}u < parameters.n) {
    var value = parameters.alpha * product[$e];
    if (parameters.has_bias != 0u) { value += bias[column + ${e}u]; }
    if (parameters.beta != 0.0) { value += parameters.beta * out[at + ${e}u]; }
    out[at + ${e}u] = value;
  }
  //: end
//: end
}

@compute @workgroup_size($WORKGROUP_X, $WORKGROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * ${TILE_M}u;
  let column = id.x * ${TILE_N}u;
  if (row >= parameters.m || column >= parameters.n) { return; }
  let start_a = id.z * parameters.batch_a;
  let start_b = id.z * parameters.batch_b;

//: for i in 0..TILE_M4
//: for r in ROWS
//: for j in 0..TILE_N4
  var sum${i}${r}_$j = vec4f();
//: end
//: end
//: end

  for (var k = 0u; k < parameters.k; k += 4u) {
    // a…, b…: p counts along k.
//: for i in 0..TILE_M4
//: if A_TRANSPOSED
//: for p in xyzw
    let a${i}$p = load_a(start_a, k + offset_$p, row + ${i}u * 4u, parameters.k, parameters.m);
//: end
//: else
//: for r in ROWS
    let a${i}$r = load_a(start_a, row + ${i}u * 4u + offset_$r, k, parameters.m, parameters.k);
//: end
//: end
//: end
//: for j in 0..TILE_N4
//: if B_TRANSPOSED
//: for c in xyzw
    let t${j}$c = load_b(start_b, column + ${j}u * 4u + offset_$c, k, parameters.n, parameters.k);
//: end
//: for p in xyzw
    let b${j}$p = vec4f(t${j}x.$p, t${j}y.$p, t${j}z.$p, t${j}w.$p);
//: end
//: else
//: for p in xyzw
    let b${j}$p = load_b(start_b, k + offset_$p, column + ${j}u * 4u, parameters.k, parameters.n);
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
  }

  let start_out = id.z * parameters.batch_out;
//: for i in 0..TILE_M4
//: for r in ROWS
//: for j in 0..TILE_N4
  store(start_out, row + ${i}u * 4u + offset_$r, column + ${j}u * 4u, sum${i}${r}_$j);
//: end
//: end
//: end
}
