// Causal attention, backward, in tiles: a workgroup computes the gradients of 64 keys and values of
// one head from blocks of 64 queries (FlashAttention-2, Dao 2023, algorithm 2), so nothing is added
// up across workgroups:
//   p = exp(q . k scale - log_sum),  dv = sum over t of p dy,
//   ds = p (dy . v - delta),         dk = scale sum over t of ds q

//: include attention_tiles

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
    for (var d = 0u; d < parameters.head_size; d += 16u) {
      workgroupBarrier();
      load_columns(head, first, t, d, thread);
      workgroupBarrier();
      for (var half = 0u; half < 2u; half++) {
//: include attention_product A=0 B=1 SUMS=score
//: include attention_product A=2 B=3 SUMS=dp
      }
    }

    var p: mat4x4f;
    var ds: mat4x4f;
//: for c in 0..4
    let query$c = t + tile_n * 4u + ${c}u;
    // Past the last query the weight is exp(-huge) = 0.
    var log_sum$c = f32(highest);
    var delta$c = 0.0;
    if (query$c < parameters.length) {
      log_sum$c = log_sums[head.statistics + query$c];
      delta$c = deltas[head.statistics + query$c];
    }
    p[$c] = exp(score0[$c] - log_sum$c);
    if (t == first) {
      p[$c] = select(
        vec4f(), p[$c], tile_m * 4u + vec4u(0u, 1u, 2u, 3u) <= vec4u(tile_n * 4u + ${c}u),
      );
    }
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
//: include attention_product A=0 B=1 SUMS=dv
//: include attention_product A=2 B=3 SUMS=dk
      }
    }
  }

  let stride = 3u * parameters.width;
  let row = first + tile_m * 4u;
  let column = head.column + tile_n * 4u;
  store(head.qkv + parameters.width, stride, row, column, dk0 * parameters.scale);
  store(head.qkv + 2u * parameters.width, stride, row, column, dv0);
}
