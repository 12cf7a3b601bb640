// A half of a power iteration on every map of a span: u = M v, or with TRANSPOSED v = Mᵀ u. One
// invocation an element.

//: include power

struct Parameters {
  // The span's first map.
  first: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> maps: array<Map>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read_write> vectors: array<f32>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let map = maps[parameters.first + id.y];
  let u = map.vectors;
  let v = u + map.rows;
  var sum = 0.0;
  //: if TRANSPOSED
  if (id.x >= map.columns) { return; }
  for (var row = 0u; row < map.rows; row++) {
    sum += values[map.offset + row * map.stride + id.x] * vectors[u + row];
  }
  vectors[v + id.x] = sum;
  //: else
  if (id.x >= map.rows) { return; }
  let start = map.offset + id.x * map.stride;
  for (var column = 0u; column < map.columns; column++) {
    sum += values[start + column] * vectors[v + column];
  }
  vectors[u + id.x] = sum;
  //: end
}
