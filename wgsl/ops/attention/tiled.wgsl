// Causal attention, forward, in tiles: a workgroup computes 64 queries of one head with an online
// softmax over blocks of 64 keys (FlashAttention-2, Dao 2023, algorithm 1):
//   y[t] = sum over s <= t of softmax_s(q[t] . k[s] / sqrt(head size)) v[s]
//
// qkv is (batch, rows, 3 C): query, key and value of all heads. The query at row r attends to
// rows 0..r; y's row 0 belongs to qkv's row `start`.

//: include tiles

// y, (batch, length, C)
@group(0) @binding(2) var<storage, read_write> out: array<Element>;
@group(0) @binding(3) var<uniform> start: vec4u;
// (batch, heads, length): log of the sum of the exponentials of the scores.
@group(0) @binding(4) var<storage, read_write> log_sums: array<f32>;

const kinds = vec2u(query, key);
const lowest = -3.4e38;

// What each invocation found of its rows, 4 at a time.
var<workgroup> partial: array<array<vec4f, threads_n>, 16>;

@compute @workgroup_size(threads)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let head = head_of(group, start[0] + parameters.length);
  // The last queries have the most keys: they come first.
  let first = (groups.x - 1u - group.x) * 64u;
  let position = start[0] + first;
  let tile_m = thread / threads_n;
  let tile_n = thread % threads_n;
  let positions = position + tile_m * 4u + four;

  var maximum = vec4f(lowest);
  // Of the keys that this invocation computes the scores of.
  var sum = vec4f();
//: for j in 0..TILE
  var y$j = mat4x4f();
//: end

  let end = min(position + 64u, head.filled);
  for (var s = 0u; s < end; s += 64u) {
//: for j in 0..TILE
    var score$j = mat4x4f();
//: end
    let at = starts_of_columns(head, position, s, thread);
    for (var d = 0u; d < parameters.head_size; d += 16u) {
      workgroupBarrier();
      load_columns(at, d, thread);
      workgroupBarrier();
      for (var half = 0u; half < 2u; half++) {
//: include product A=0 B=1 SUMS=score
      }
    }

//: for j in 0..TILE
//: for c in 0..4
    score$j[$c] *= parameters.scale;
//: end
//: end
    if (s + 63u > position) {
      // A masked score must not become the maximum, and its weight is exp(-huge) = 0.
//: for j in 0..TILE
      let keys$j = s + (${j}u * threads_n + tile_n) * 4u + four;
//: for c in 0..4
      score$j[$c] = select(vec4f(lowest), score$j[$c], vec4u(keys$j[$c]) <= positions);
//: end
//: end
    }
    var maximum_new = maximum;
//: for j in 0..TILE
//: for c in 0..4
    maximum_new = max(maximum_new, score$j[$c]);
//: end
//: end
    partial[tile_m][tile_n] = maximum_new;
    workgroupBarrier();
//: for n in 0..THREADS_N
    maximum_new = max(maximum_new, partial[tile_m][$n]);
//: end
    let decay = exp(maximum - maximum_new);
    maximum = maximum_new;
    sum *= decay;
//: for j in 0..TILE
//: for c in 0..4
    score$j[$c] = exp(score$j[$c] - maximum);
    sum += score$j[$c];
    y$j[$c] *= decay;
//: end
//: end

    for (var part = 0u; part < 4u; part++) {
      workgroupBarrier();
//: for j in 0..TILE
      keep(0u, part, ${j}u * threads_n + tile_n, tile_m, score$j);
//: end
      load_rows(head, 1u, value, s + part * 16u, thread);
      workgroupBarrier();
      for (var half = 0u; half < 2u; half++) {
//: include product A=0 B=1 SUMS=y
      }
    }
  }

  partial[tile_m][tile_n] = sum;
  workgroupBarrier();
  sum = vec4f();
//: for n in 0..THREADS_N
  sum += partial[tile_m][$n];
//: end

  let row = first + tile_m * 4u;
//: for j in 0..TILE
//: for c in 0..4
  y$j[$c] /= sum;
//: end
  store(head.y, parameters.width, row, head.column + (${j}u * threads_n + tile_n) * 4u, y$j);
//: end
  if (tile_n == 0u && head.column == 0u) {
    let log_sum = maximum + log(sum);
//: for r in 0..4
    if (row + ${r}u < parameters.length) { log_sums[head.statistics + row + ${r}u] = log_sum[$r]; }
//: end
  }
}
