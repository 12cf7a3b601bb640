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

// One head of one sequence, and what a workgroup computes of it.
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
//: include load ARRAY=qkv
//: if BACKWARD
@group(0) @binding(3) var<storage, read> dy: array<Element>;
//: include load ARRAY=dy
//: end

const threads = ${THREADS}u;
const threads_n = ${THREADS_N}u;

// Each is (16, 64), as vec4s: row d stands at [d % 4], in the quarter d / 4. Where it matters that
// index is a constant, which needs no check of its bounds.
var<workgroup> panels: array<array<array<vec4f, 64>, 4>, ${PANELS}>;

// Where a vec4 of a row stands in its quarter. The twist by the quarter leads the 8 invocations
// whose stores go together to different banks.
fn slot(quarter: u32, column: u32) -> u32 {
  return quarter * 16u + (column ^ (quarter * 2u));
}

const four = vec4u(0u, 1u, 2u, 3u);

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

// Where four rows of a kind start, from `row` on. Past the last row that one is read again: what
// comes of it is masked or not stored.
fn starts(head: Head, kind: u32, row: u32) -> vec4u {
  let known = min(row + four, vec4u(head.filled - 1u));
//: if BACKWARD
  if (kind == dy_row) { return head.y + known * parameters.width; }
//: end
  return head.qkv + (known * 3u + kind) * parameters.width;
}

fn fetch(kind: u32, at: u32, d: u32) -> vec4f {
//: if BACKWARD
  if (kind == dy_row) { return load_dy(at, d); }
//: end
  return load_qkv(at, d);
}

// Every invocation loads 4 rows of one of the panels that are filled with columns: even panels
// with the workgroup's own rows, odd ones with the other rows.
fn starts_of_columns(head: Head, own: u32, other: u32, thread: u32) -> vec4u {
  let panel = thread / 64u;
  let square = thread / 4u % 16u;
  return starts(head, kinds[panel], select(own, other, panel % 2u == 1u) + square * 4u);
}

// Fills every panel with 16 columns, from d on, of 64 rows of one kind each.
fn load_columns(at: vec4u, d: u32, thread: u32) {
  let panel = thread / 64u;
  let square = thread / 4u % 16u;
  let quarter = thread % 4u;
  let values = transpose(mat4x4f(
//: for r in 0..4
    fetch(kinds[panel], at[$r], d + quarter * 4u),
//: end
  ));
//: for c in 0..4
  panels[panel][$c][slot(quarter, square)] = values[$c];
//: end
}

// Fills a panel with the columns to be written of 16 rows from `first` on.
fn load_rows(head: Head, panel: u32, kind: u32, first: u32, thread: u32) {
  let column = thread % 16u;
//: for l in 0..TILE
  let row$l = (thread + ${l}u * threads) / 16u;
  panels[panel][row$l % 4u][slot(row$l / 4u, column)] =
    fetch(kind, starts(head, kind, first + row$l).x, head.column + column * 4u);
//: end
}

// Puts weights for the columns of one of the block's 16 squares, if it is among the four from
// 4 part on, into a panel whose rows are those columns.
fn keep(panel: u32, part: u32, square: u32, tile_m: u32, weights: mat4x4f) {
  if (square / 4u != part) { return; }
//: for c in 0..4
  panels[panel][$c][slot(square % 4u, tile_m)] = weights[$c];
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
