// Copies blocks of the gradients into matrices of their own, perhaps transposed, each divided by
// its Frobenius norm; a block of zeros stays zero. A workgroup copies `share` rows of a block.

//: include map

struct Parameters {
  // The first map.
  first: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> maps: array<Map>;
@group(0) @binding(2) var<storage, read> sums: array<f32>;
@group(0) @binding(3) var<storage, read> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> matrices: array<f32>;

@compute @workgroup_size($THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let map = maps[parameters.first + group.y];
  let squares = sums[map.squares];
  // Below the normal numbers inverseSqrt may be infinite: such a norm counts as zero.
  let scale = select(0.0, inverseSqrt(squares), squares >= 0x1p-126);
  let begin = group.x * map.share;
  let end = min(begin + map.share, map.rows);
  let across = select(1u, map.rows, map.transposed != 0u);
  let down = select(map.columns, 1u, map.transposed != 0u);
  for (var row = begin; row < end; row++) {
    let source = map.offset + row * map.stride;
    let destination = map.matrix + row * down;
    for (var column = thread; column < map.columns; column += ${THREADS}u) {
      matrices[destination + column * across] = gradient[source + column] * scale;
    }
  }
}
