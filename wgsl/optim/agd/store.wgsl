// Replaces blocks of the gradients by their directions, and adds up the inner products of the two,
// the dual norms. A workgroup replaces `share` rows of a block.

//: include map

struct Parameters {
  // The first map.
  first: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> maps: array<Map>;
@group(0) @binding(2) var<storage, read> matrices: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> partials: array<f32>;

const threads = ${THREADS}u;
//: include workgroup_sum T=f32

@compute @workgroup_size($THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let map = maps[parameters.first + group.y];
  let begin = group.x * map.share;
  if (begin >= map.rows) { return; }
  let end = min(begin + map.share, map.rows);
  let across = select(1u, map.rows, map.transposed != 0u);
  let down = select(map.columns, 1u, map.transposed != 0u);
  var sum = 0.0;
  for (var row = begin; row < end; row++) {
    let at = map.offset + row * map.stride;
    let source = map.matrix + row * down;
    for (var column = thread; column < map.columns; column += threads) {
      let direction = matrices[source + column * across];
      sum += gradient[at + column] * direction;
      gradient[at + column] = direction;
    }
  }
  sum = workgroup_sum(sum, thread);
  if (thread == 0u) { partials[map.products + group.x] = sum; }
}
