// Causal attention, backward, in tiles: a workgroup computes the gradient of 64 queries of one
// head from blocks of 64 keys, with the weights recomputed from the stored log-sums
// (FlashAttention-2, Dao 2023, algorithm 2):
//   p = exp(q . k scale - log_sum),  ds = p (dy . v - delta),  dq = scale sum over s of ds k
// where delta[t] = dy[t] . y[t], which is stored for the pass over the keys.

//: include attention_tiles

// dqkv, (batch, length, 3 C)
@group(0) @binding(2) var<storage, read_write> out: array<Element>;
@group(0) @binding(4) var<storage, read> y: array<Element>;
//: include attention_load ARRAY=y
@group(0) @binding(5) var<storage, read> log_sums: array<f32>;
// (batch, heads, length)
@group(0) @binding(6) var<storage, read_write> deltas: array<f32>;

const kinds = vec4u(query, key, dy_row, value);

@compute @workgroup_size(threads)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let head = head_of(group, parameters.length);
  // The last queries have the most keys: they come first.
  let first = (groups.x - 1u - group.x) * 64u;
  let tile_m = thread / threads_n;
  let tile_n = thread % threads_n;
  let row = first + tile_m * 4u;

  // Four invocations share a row of dy . y.
  var products = vec4f();
  let shared_row = first + thread / 4u;
  if (shared_row < parameters.length) {
    let at = head.y + shared_row * parameters.width;
    for (var d = thread % 4u * 4u; d < parameters.head_size; d += 16u) {
      products += load_dy(at, d) * load_y(at, d);
    }
  }
  panels[0][thread / 32u][thread % 32u] = products;
  workgroupBarrier();
  var delta = vec4f();
  var log_sum = vec4f();
//: for r in 0..4
  for (var part = 0u; part < 4u; part++) {
    delta[$r] += dot(panels[0][tile_m / 2u][tile_m % 2u * 16u + ${r}u * 4u + part], vec4f(1.0));
  }
  if (row + ${r}u < parameters.length) {
    log_sum[$r] = log_sums[head.statistics + row + ${r}u];
    if (tile_n == 0u && head.column == 0u) {
      deltas[head.statistics + row + ${r}u] = delta[$r];
    }
  }
//: end

  var dq0 = mat4x4f();
  for (var s = 0u; s <= first; s += 64u) {
    var score0 = mat4x4f();
    var dp0 = mat4x4f();
    for (var d = 0u; d < parameters.head_size; d += 16u) {
      workgroupBarrier();
      load_columns(head, first, s, d, thread);
      workgroupBarrier();
      for (var half = 0u; half < 2u; half++) {
//: include attention_product A=0 B=1 SUMS=score
//: include attention_product A=2 B=3 SUMS=dp
      }
    }

    var ds: mat4x4f;
//: for c in 0..4
    var p$c = exp(score0[$c] - log_sum);
    if (s == first) {
      p$c = select(vec4f(), p$c, vec4u(tile_n * 4u + ${c}u) <= tile_m * 4u + vec4u(0u, 1u, 2u, 3u));
    }
    ds[$c] = p$c * (dp0[$c] - delta);
//: end

    for (var part = 0u; part < 4u; part++) {
      workgroupBarrier();
      keep(0u, part, tile_n, tile_m, ds);
      load_rows(head, 1u, key, s + part * 16u, thread);
      workgroupBarrier();
      for (var half = 0u; half < 2u; half++) {
//: include attention_product A=0 B=1 SUMS=dq
      }
    }
  }

  let stride = 3u * parameters.width;
  store(head.qkv, stride, row, head.column + tile_n * 4u, dq0 * parameters.scale);
}
