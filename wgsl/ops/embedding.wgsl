// x[b, t] = wte[token[b, t]] + wpe[start + t]. Run once for each run of rows of wte that fits a
// binding: each run writes the rows whose token it holds.

struct Parameters {
  columns: u32,
  rows: u32,
  // Sequence length, T.
  length: u32,
  // First token that this run of wte holds, and how many.
  first: u32,
  count: u32,
  // Rows of wpe; later positions (padding) use its last row.
  context: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> tokens: array<u32>;
@group(0) @binding(2) var<storage, read> wte: array<$WTE_TYPE>;
@group(0) @binding(3) var<storage, read> wpe: array<f32>;
// Position of the first token of each sequence.
@group(0) @binding(4) var<uniform> start: vec4u;
@group(0) @binding(5) var<storage, read_write> x: array<f32>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  let row = i / parameters.columns;
  if (row >= parameters.rows) { return; }
  let column = i % parameters.columns;
  let token = tokens[row];
  if (token < parameters.first || token - parameters.first >= parameters.count) { return; }
  let position = min(start[0] + row % parameters.length, parameters.context - 1u);
  x[i] = f32(wte[(token - parameters.first) * parameters.columns + column]) +
    wpe[position * parameters.columns + column];
}
