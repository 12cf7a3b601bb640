// Causal attention, backward: gradient of the queries, with the weights recomputed from the
// stored log-sums (FlashAttention-2, Dao 2023, algorithm 2):
//   p = exp(q . k scale - log_sum),  ds = p (dy . v - delta),  dq = scale sum over s of ds k
// where delta[t] = dy[t] . y[t], which is stored for the pass over the keys.

struct Parameters {
  length: u32,
  width: u32,
  heads: u32,
  scale: f32,
}

//: if VECTOR
alias Element = vec4<$TYPE>;
//: else
alias Element = $TYPE;
//: end

@group(0) @binding(0) var<uniform> parameters: Parameters;
//: include head ARRAY=qkv AT=1
//: include head ARRAY=y AT=2
//: include head ARRAY=dy AT=3
//: include read_scalars NAME=log_sums BINDING=4 TYPE=f32
// (batch, heads, length)
@group(0) @binding(5) var<storage, read_write> deltas: array<f32>;
@group(0) @binding(6) var<storage, read_write> dqkv: array<Element>;

const head_size = ${HEAD_SIZE}u;

fn store(at: u32, d: u32, value: vec4f) {
//: if VECTOR
  dqkv[(at + d) / 4u] = Element(value);
//: else
  //: for e in 0..4
  if (d + ${e}u < head_size) { dqkv[at + d + ${e}u] = Element(value[$e]); }
  //: end
//: end
}

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let length = parameters.length;
  let first = id.x * ${QUERIES}u;
  if (first >= length) { return; }
  let width = parameters.width;
  let stride = 3u * width;
  let offset = id.y * head_size;
  let base = id.z * length * stride + offset;
  let statistics = (id.z * parameters.heads + id.y) * length;

  // Past the last query the last is computed again.
//: for q in 0..QUERIES
  let row$q = min(first + ${q}u, length - 1u);
  let at$q = (id.z * length + row$q) * width + offset;
  let log_sum$q = read_log_sums(statistics + row$q);
  var delta$q = 0.0;
//: for d in 0..HEAD4
  let q${q}_$d = load_qkv(base + row$q * stride, ${d}u * 4u) * parameters.scale;
  let dy${q}_$d = load_dy(at$q, ${d}u * 4u);
  delta$q += dot(dy${q}_$d, load_y(at$q, ${d}u * 4u));
  var dq${q}_$d = vec4f();
//: end
//: end

  let keys = min(first + ${QUERIES}u, length);
  for (var s = 0u; s < keys; s++) {
    let key = base + s * stride + width;
//: for q in 0..QUERIES
    var score$q = 0.0;
    var dp$q = 0.0;
//: end
//: for d in 0..HEAD4
    let k$d = load_qkv(key, ${d}u * 4u);
    let v$d = load_qkv(key + width, ${d}u * 4u);
//: for q in 0..QUERIES
    score$q += dot(q${q}_$d, k$d);
    dp$q += dot(dy${q}_$d, v$d);
//: end
//: end
//: for q in 0..QUERIES
    let p$q = select(0.0, exp(score$q - log_sum$q), s <= row$q);
    let ds$q = p$q * (dp$q - delta$q);
//: for d in 0..HEAD4
    dq${q}_$d += ds$q * k$d;
//: end
//: end
  }

//: for q in 0..QUERIES
//: for d in 0..HEAD4
  store(base + row$q * stride, ${d}u * 4u, dq${q}_$d * parameters.scale);
//: end
  deltas[statistics + row$q] = delta$q;
//: end
}
