// Ends a power iteration on every map: v = MᵀM v is divided by its norm, whose root approaches the
// largest singular value of M from below. With START v is random. One workgroup a map.

//: include power

struct Parameters {
  // Where the norms are.
  first: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> maps: array<Map>;
@group(0) @binding(2) var<storage, read_write> vectors: array<f32>;
@group(0) @binding(3) var<storage, read_write> norms: array<f32>;

const threads = ${THREADS}u;
//: include workgroup_sum T=f32

@compute @workgroup_size($THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let map = maps[group.x];
  let v = map.vectors + map.rows;
  var sum = 0.0;
  for (var column = thread; column < map.columns; column += threads) {
    //: if START
    // Numbers from -1 to 1 without a pattern (Knuth's multiplicative hash).
    let value = f32(((column + 1u) * 2654435761u) >> 8u) / 8388608.0 - 1.0;
    vectors[v + column] = value;
    //: else
    let value = vectors[v + column];
    //: end
    sum += value * value;
  }
  let squares = workgroup_sum(sum, thread);
  // Below the normal numbers inverseSqrt may be infinite: such a norm counts as zero.
  let scale = select(0.0, inverseSqrt(squares), squares >= 0x1p-126);
  for (var column = thread; column < map.columns; column += threads) {
    vectors[v + column] *= scale;
  }
  if (thread == 0u) { norms[parameters.first + group.x] = sqrt(sqrt(squares)); }
}
