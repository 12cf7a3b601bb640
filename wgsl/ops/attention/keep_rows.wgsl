// Appends the queries, keys and values of new tokens to those kept of each sequence:
//   rows[b, start + t] = qkv[b, t]

struct Parameters {
  // Elements of qkv, of one row, and rows per sequence of qkv and of what is kept.
  size: u32,
  columns: u32,
  length: u32,
  rows: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> qkv: array<$TYPE>;
// [0]: the row of the first new token.
@group(0) @binding(2) var<uniform> start: vec4u;
@group(0) @binding(3) var<storage, read_write> rows: array<$TYPE>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= parameters.size) { return; }
  let row = i / parameters.columns;
  let sequence = row / parameters.length;
  let at = sequence * parameters.rows + start[0] + row % parameters.length;
  rows[at * parameters.columns + i % parameters.columns] = qkv[i];
}
