// Causal attention, backward, in tiles: a workgroup computes the gradient of 64 queries of one
// head from blocks of 64 keys, with the weights recomputed from the stored log-sums
// (FlashAttention-2, Dao 2023, algorithm 2):
//   p = exp(q . k scale - log_sum),  ds = p (dy . v - delta),  dq = scale sum over s of ds k
// where delta[t] = dy[t] . y[t], which is stored for the pass over the keys.

//: include tiles

// dqkv, (batch, length, 3 C)
@group(0) @binding(2) var<storage, read_write> out: array<Element>;
@group(0) @binding(4) var<storage, read> y: array<Element>;
//: include load ARRAY=y
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
  let statistics = head.statistics + min(row + four, vec4u(parameters.length - 1u));
  var log_sum = vec4f();
//: for r in 0..4
  log_sum[$r] = log_sums[statistics[$r]];
//: end

  // Four invocations share a row of dy . y.
  let at_y = head.y + min(first + thread / 4u, parameters.length - 1u) * parameters.width;
  var products = vec4f();
  for (var d = thread % 4u * 4u; d < parameters.head_size; d += 16u) {
    products += load_dy(at_y, d) * load_y(at_y, d);
  }
  panels[0][thread % 4u][thread / 4u] = products;
  workgroupBarrier();
  var delta = vec4f();
//: for r in 0..4
  products = vec4f();
//: for part in 0..4
  products += panels[0][$part][tile_m * 4u + ${r}u];
//: end
  delta[$r] = dot(products, vec4f(1.0));
  if (tile_n == 0u && head.column == 0u && row + ${r}u < parameters.length) {
    deltas[statistics[$r]] = delta[$r];
  }
//: end

  var dq0 = mat4x4f();
  for (var s = 0u; s <= first; s += 64u) {
    var score0 = mat4x4f();
    var dp0 = mat4x4f();
    let at = starts_of_columns(head, first, s, thread);
    for (var d = 0u; d < parameters.head_size; d += 16u) {
      workgroupBarrier();
      load_columns(at, d, thread);
      workgroupBarrier();
      for (var half = 0u; half < 2u; half++) {
//: include product A=0 B=1 SUMS=score
//: include product A=2 B=3 SUMS=dp
      }
    }

    var p: mat4x4f;
//: for c in 0..4
    p[$c] = exp(score0[$c] * parameters.scale - log_sum);
//: end
    if (s == first) {
//: for c in 0..4
      p[$c] = select(vec4f(), p[$c], vec4u(tile_n * 4u + ${c}u) <= tile_m * 4u + four);
//: end
    }
    var ds: mat4x4f;
//: for c in 0..4
    ds[$c] = p[$c] * (dp0[$c] - delta);
//: end

    for (var part = 0u; part < 4u; part++) {
      workgroupBarrier();
      keep(0u, part, tile_n, tile_m, ds);
      load_rows(head, 1u, key, s + part * 16u, thread);
      workgroupBarrier();
      for (var half = 0u; half < 2u; half++) {
//: include product A=0 B=1 SUMS=dq
      }
    }
  }

  let stride = 3u * parameters.width;
  store(head.qkv, stride, row, head.column + tile_n * 4u, dq0 * parameters.scale);
}
