// What the tiled kernels of causal attention have in common (FlashAttention-2, Dao 2023). A
// workgroup owns 64 rows of one head (queries or keys), runs over blocks of 64 rows of the other
// kind, and writes 64 of the head's columns; a larger head has a workgroup for every 64.
//
// For every block it first computes products along the head's columns, such as the scores, whose
// rows are its own and whose columns are the other rows; then it multiplies weights made of them
// by the other rows. Both products are of panels 16 deep and 64 wide in workgroup memory. An
// invocation computes ${TILE} squares of 4 x 4: 4 rows, and in each square 4 columns.

struct Parameters {
  // Queries per sequence, and rows of qkv per sequence.
  length: u32,
  rows: u32,
  width: u32,
  heads: u32,
  head_size: u32,
  scale: f32,
}

// One head of one sequence.
struct Head {
  // Where its first query stands in qkv, and its first row in arrays of the layout of y.
  qkv: u32,
  y: u32,
  // Its first number in log_sums.
  statistics: u32,
  // Rows of qkv that are filled.
  filled: u32,
  // The first of the columns that this workgroup writes.
  column: u32,
}

//: if VECTOR
alias Element = vec4<$TYPE>;
//: else
alias Element = $TYPE;
//: end

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> qkv: array<Element>;
//: include attention_load ARRAY=qkv
//: if BACKWARD
@group(0) @binding(3) var<storage, read> dy: array<Element>;
//: include attention_load ARRAY=dy
//: end

const threads = ${THREADS}u;
const threads_n = 16u / ${TILE}u;

// Each is (16, 64), as vec4s; row d stands at [d % 8], from 16 (d / 8) on. Indices that the loops
// over eight rows have as constants need no checks.
var<workgroup> panels: array<array<array<vec4f, 32>, 8>, ${PANELS}>;

// Where a vec4 of a row stands. Columns are twisted by the row, so that the 8 invocations whose
// stores of squares go together meet all banks.
fn slot(row: u32, column: u32) -> u32 {
  return row / 8u * 16u + (column ^ (row / 4u * 2u));
}

// What rows are of.
const query = 0u;
const key = 1u;
const value = 2u;
const dy_row = 3u;

fn head_of(group: vec3u, filled: u32) -> Head {
  let offset = group.y % parameters.heads * parameters.head_size;
  return Head(
    group.z * parameters.rows * 3u * parameters.width + offset,
    group.z * parameters.length * parameters.width + offset,
    (group.z * parameters.heads + group.y % parameters.heads) * parameters.length,
    filled,
    group.y / parameters.heads * 64u,
  );
}

fn fetch(head: Head, kind: u32, row: u32, d: u32) -> vec4f {
  if (row >= head.filled) { return vec4f(); }
//: if BACKWARD
  if (kind == dy_row) { return load_dy(head.y + row * parameters.width, d); }
//: end
  return load_qkv(head.qkv + (row * 3u + kind) * parameters.width, d);
}

// Fills every panel with 16 columns, from d on, of 64 rows of one kind each. Even panels are of
// the workgroup's own rows, the first of them scaled; odd ones are of the other rows. Each
// invocation loads a square of 4 x 4.
fn load_columns(head: Head, own: u32, other: u32, d: u32, thread: u32) {
  let panel = thread / 64u;
  let square = thread / 4u % 16u;
  let column = thread % 4u;
  let row = select(own, other, panel % 2u == 1u) + square * 4u;
  let factor = select(1.0, parameters.scale, panel == 0u);
  let values = transpose(mat4x4f(
//: for r in 0..4
    fetch(head, kinds[panel], row + ${r}u, d + column * 4u),
//: end
  )) * factor;
//: for c in 0..4
  panels[panel][(column * 4u + ${c}u) % 8u][slot(column * 4u + ${c}u, square)] = values[$c];
//: end
}

// Fills a panel with the columns to be written of 16 rows from `first` on.
fn load_rows(head: Head, panel: u32, kind: u32, first: u32, thread: u32) {
//: for l in 0..TILE
  let row$l = (thread + ${l}u * threads) / 16u;
  let column$l = thread % 16u;
  panels[panel][row$l % 8u][slot(row$l, column$l)] =
    fetch(head, kind, first + row$l, head.column + column$l * 4u);
//: end
}

// Puts weights for the columns of one of the block's 16 squares, if it is among the four from
// 4 part on, into a panel whose rows are those columns.
fn keep(panel: u32, part: u32, square: u32, tile_m: u32, weights: mat4x4f) {
  if (square / 4u != part) { return; }
  let at = square % 4u;
//: for c in 0..4
  panels[panel][(at * 4u + ${c}u) % 8u][slot(at * 4u + ${c}u, tile_m)] = weights[$c];
//: end
}

// A square's sums, one column of the matrix for each of the square's: the 4 rows.
fn add_outer(sums: mat4x4f, rows: vec4f, columns: vec4f) -> mat4x4f {
  return mat4x4f(
    sums[0] + rows * columns.x,
    sums[1] + rows * columns.y,
    sums[2] + rows * columns.z,
    sums[3] + rows * columns.w,
  );
}

// Stores a square whose first row is row `row` of those that start at `start`, `stride` apart.
fn store(start: u32, stride: u32, row: u32, d: u32, square: mat4x4f) {
  let values = transpose(square);
//: for r in 0..4
  if (row + ${r}u < parameters.length) {
    store_row(start + (row + ${r}u) * stride, d, values[$r]);
  }
//: end
}

fn store_row(at: u32, d: u32, values: vec4f) {
//: if VECTOR
  if (d < parameters.head_size) { out[(at + d) / 4u] = Element(values); }
//: else
  //: for e in 0..4
  if (d + ${e}u < parameters.head_size) { out[at + d + ${e}u] = Element(values[$e]); }
  //: end
//: end
}
