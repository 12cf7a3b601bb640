// dwte[token] += the sum of dx over the places where the token stands. `order` lists the places
// sorted by token, so that each run of equal tokens is added up by one invocation per column,
// always in the same order and without atomics.

struct Parameters {
  columns: u32,
  rows: u32,
  // First token that this run of dwte holds, and how many.
  first: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> tokens: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> dx: array<f32>;
@group(0) @binding(4) var<storage, read_write> dwte: array<f32>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  let place = i / parameters.columns;
  if (place >= parameters.rows) { return; }
  let column = i % parameters.columns;
  let token = tokens[order[place]];
  if (token < parameters.first || token - parameters.first >= parameters.count) { return; }
  if (place > 0u && tokens[order[place - 1u]] == token) { return; }
  var sum = 0.0;
  for (var p = place; p < parameters.rows; p++) {
    let row = order[p];
    if (tokens[row] != token) { break; }
    sum += dx[row * parameters.columns + column];
  }
  dwte[(token - parameters.first) * parameters.columns + column] += sum;
}
