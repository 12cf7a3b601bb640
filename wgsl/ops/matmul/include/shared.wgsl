// What every kernel of matrix products has in common: its uniform, its operands, and how a tile is
// stored.

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
//: if DIAGONAL
  diagonal: f32,
//: end
}

const offset_x = 0u;
const offset_y = 1u;
const offset_z = 2u;
const offset_w = 3u;

@group(0) @binding(0) var<uniform> parameters: Parameters;
//: if VECTOR
alias Value = vec4f;
alias Out = vec4<$OUT_TYPE>;
//: else
alias Value = f32;
alias Out = $OUT_TYPE;
//: end

//: if UNIFORM_A
// The row that all columns share.
@group(0) @binding(1) var<uniform> a: array<vec4f, $K4>;
fn read_a(at: u32) -> vec4f {
  return a[at];
}
//: include read NAME=b BINDING=2 TYPE=$B_TYPE
//: else
//: if VECTOR
//: include read NAME=a BINDING=1 TYPE=$A_TYPE
//: include read NAME=b BINDING=2 TYPE=$B_TYPE
//: else
//: include read_scalars NAME=a BINDING=1 TYPE=$A_TYPE
//: include read_scalars NAME=b BINDING=2 TYPE=$B_TYPE
//: end
//: end
@group(0) @binding(3) var<storage, read> bias: array<Value>;
@group(0) @binding(4) var<storage, read_write> out: array<Out>;
//: if GELU
// (M, N): GELU of out.
@group(0) @binding($EXTRA) var<storage, read_write> activated: array<Out>;
//: include gelu T=Value
//: end
//: if GELU_BACKWARD
// (M, N): what the GELU was taken of, whose derivative each product is multiplied by.
//: if VECTOR
//: include read NAME=hidden BINDING=$EXTRA TYPE=$OUT_TYPE
//: else
//: include read_scalars NAME=hidden BINDING=$EXTRA TYPE=$OUT_TYPE
//: end
//: include gelu T=Value
//: end
//: if BEFORE
// (M, N): what `out` holds before, if it is kept.
//: if VECTOR
//: include read NAME=before BINDING=5 TYPE=f32
//: else
//: include read_scalars NAME=before BINDING=5 TYPE=f32
//: end
//: end

// Four numbers of a stored row of A, from `column` on. `rows` and `columns` are those stored.
fn load_a(start: u32, row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
//: if VECTOR
  return read_a((start + row * parameters.stride_a + column) / 4u);
//: else
  var value = vec4f();
  //: for e in 0..4
  if (row < rows && column + ${e}u < columns) {
    value[$e] = read_a(start + row * parameters.stride_a + column + ${e}u);
  }
  //: end
  return value;
//: end
}

fn load_b(start: u32, row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
//: if VECTOR
  return read_b((start + row * parameters.stride_b + column) / 4u);
//: else
  var value = vec4f();
  //: for e in 0..4
  if (row < rows && column + ${e}u < columns) {
    value[$e] = read_b(start + row * parameters.stride_b + column + ${e}u);
  }
  //: end
  return value;
//: end
}

// The bias of four columns from `column` on, which the rows of a tile share; 0 past the last.
fn bias_of(column: u32) -> vec4f {
  var values = vec4f();
  if (parameters.has_bias == 0u) { return values; }
//: if VECTOR
  if (column < parameters.n) { values = bias[column / 4u]; }
//: else
  //: for e in 0..4
  if (column + ${e}u < parameters.n) { values[$e] = bias[column + ${e}u]; }
  //: end
//: end
  return values;
}

// What becomes of a product that is stored at `at` of out; a vec4 starts at its `column`.
fn finished(at: u32, row: u32, column: u32, product: Value, bias: Value) -> Value {
  var value = parameters.alpha * product + bias;
//: if BEFORE
  if (parameters.beta != 0.0) { value += parameters.beta * read_before(at); }
//: else
  if (parameters.beta != 0.0) { value += parameters.beta * Value(out[at]); }
//: end
//: if DIAGONAL
  //: if VECTOR
  if (row >= column && row - column < 4u) { value[row - column] += parameters.diagonal; }
  //: else
  if (row == column) { value += parameters.diagonal; }
  //: end
//: end
//: if GELU_BACKWARD
  value *= gelu_derivative(read_hidden(at));
//: end
  return value;
}

//: if SYMMETRIC
// A square of the product on or above its diagonal, given by rows, and its mirror image below it.
fn store_square(start: u32, row: u32, column: u32, products: mat4x4f) {
//: if VECTOR
  if (column < row || column >= parameters.n) { return; }
  var values: mat4x4f;
  //: for e in 0..4
  let at$e = (start + (row + ${e}u) * parameters.stride_out + column) / 4u;
  values[$e] = finished(at$e, row + ${e}u, column, products[$e], bias_of(column));
  out[at$e] = Out(values[$e]);
  //: end
  if (column == row) { return; }
  values = transpose(values);
  //: for e in 0..4
  out[(start + (column + ${e}u) * parameters.stride_out + row) / 4u] = Out(values[$e]);
  //: end
//: else
  for (var r = row; r < min(row + 4u, parameters.m); r++) {
    for (var c = max(column, r); c < min(column + 4u, parameters.n); c++) {
      let at = start + r * parameters.stride_out + c;
      let value = finished(at, r, c, products[r - row][c - column], bias_of(c).x);
      out[at] = Out(value);
      out[start + c * parameters.stride_out + r] = Out(value);
    }
  }
//: end
}
//: else
fn store_element(at: u32, row: u32, column: u32, product: Value, bias: Value) {
  let value = finished(at, row, column, product, bias);
  out[at] = Out(value);
//: if GELU
  activated[at] = Out(gelu(value));
//: end
}

// Four numbers of a row of the product, from `column` on.
fn store(start: u32, row: u32, column: u32, product: vec4f, bias: vec4f) {
  if (row >= parameters.m) { return; }
  let at = start + row * parameters.stride_out + column;
//: if VECTOR
  if (column >= parameters.n) { return; }
  store_element(at / 4u, row, column, product, bias);
//: else
  //: for e in 0..4
  if (column + ${e}u < parameters.n) {
    store_element(at + ${e}u, row, column + ${e}u, product[$e], bias[$e]);
  }
  //: end
//: end
}
//: end
