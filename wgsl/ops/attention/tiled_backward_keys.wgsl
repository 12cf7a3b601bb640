// Causal attention, backward, in tiles: a workgroup computes the gradients of 64 keys and values of
// one head from blocks of 64 queries (FlashAttention-2, Dao 2023, algorithm 2), so nothing is added
// up across workgroups:
//   p = exp(q . k scale - log_sum),  dv = sum over t of p dy,
//   ds = p (dy . v - delta),         dk = scale sum over t of ds q

//: include tiles

// dqkv, (batch, length, 3 C)
@group(0) @binding(2) var<storage, read_write> out: array<Element>;
// (batch, heads, length)
@group(0) @binding(4) var<storage, read> log_sums: array<f32>;
@group(0) @binding(5) var<storage, read> deltas: array<f32>;

const kinds = vec4u(key, query, value, dy_row);
const highest = 3.4e38;

@compute @workgroup_size(threads)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let head = head_of(group, parameters.length);
  // The first keys have the most queries, and come first.
  let first = group.x * 64u;
  let tile_m = thread / threads_n;
  let tile_n = thread % threads_n;

  var dk0 = mat4x4f();
  var dv0 = mat4x4f();
  for (var t = first; t < parameters.length; t += 64u) {
    var score0 = mat4x4f();
    var dp0 = mat4x4f();
    let at = starts_of_columns(head, first, t, thread);
    for (var d = 0u; d < parameters.head_size; d += 16u) {
      workgroupBarrier();
      load_columns(at, d, thread);
      workgroupBarrier();
      for (var half = 0u; half < 2u; half++) {
//: include product A=0 B=1 SUMS=score
//: include product A=2 B=3 SUMS=dp
      }
    }

    let queries = t + tile_n * 4u + four;
    let statistics = head.statistics + min(queries, vec4u(parameters.length - 1u));
    var p: mat4x4f;
//: for c in 0..4
    // Past the last query the weight is exp(-huge) = 0.
    let log_sum$c = select(highest, log_sums[statistics[$c]], queries[$c] < parameters.length);
    let delta$c = deltas[statistics[$c]];
    p[$c] = exp(score0[$c] * parameters.scale - log_sum$c);
//: end
    if (t == first) {
//: for c in 0..4
      p[$c] = select(vec4f(), p[$c], tile_m * 4u + four <= vec4u(tile_n * 4u + ${c}u));
//: end
    }
    var ds: mat4x4f;
//: for c in 0..4
    ds[$c] = p[$c] * (dp0[$c] - delta$c);
//: end

    for (var part = 0u; part < 4u; part++) {
      workgroupBarrier();
      keep(0u, part, tile_n, tile_m, p);
      load_rows(head, 1u, dy_row, t + part * 16u, thread);
      keep(2u, part, tile_n, tile_m, ds);
      load_rows(head, 3u, query, t + part * 16u, thread);
      workgroupBarrier();
      for (var half = 0u; half < 2u; half++) {
//: include product A=0 B=1 SUMS=dv
//: include product A=2 B=3 SUMS=dk
      }
    }
  }

  let stride = 3u * parameters.width;
  let row = first + tile_m * 4u;
  let column = head.column + tile_n * 4u;
  store(head.qkv + parameters.width, stride, row, column, dk0 * parameters.scale);
  store(head.qkv + 2u * parameters.width, stride, row, column, dv0);
}
