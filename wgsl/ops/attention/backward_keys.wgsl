// Causal attention, backward: gradients of the keys and values. Each invocation owns ${KEYS}
// consecutive keys of one head and runs over the queries that attend to them
// (FlashAttention-2, Dao 2023, algorithm 2), so nothing is added up across invocations:
//   p = exp(q . k scale - log_sum),  dv = sum over t of p dy,
//   ds = p (dy . v - delta),         dk = scale sum over t of ds q

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
//: include head ARRAY=dy AT=2
// (batch, heads, length)
//: include read_scalars NAME=log_sums BINDING=3 TYPE=f32
//: include read_scalars NAME=deltas BINDING=4 TYPE=f32
@group(0) @binding(5) var<storage, read_write> dqkv: array<Element>;

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
  let first = id.x * ${KEYS}u;
  if (first >= length) { return; }
  let width = parameters.width;
  let stride = 3u * width;
  let offset = id.y * head_size;
  let base = id.z * length * stride + offset;
  let statistics = (id.z * parameters.heads + id.y) * length;

  // Past the last key the last is computed again.
//: for s in 0..KEYS
  let row$s = min(first + ${s}u, length - 1u);
//: for d in 0..HEAD4
  let k${s}_$d = load_qkv(base + row$s * stride + width, ${d}u * 4u) * parameters.scale;
  let v${s}_$d = load_qkv(base + row$s * stride + 2u * width, ${d}u * 4u);
  var dk${s}_$d = vec4f();
  var dv${s}_$d = vec4f();
//: end
//: end

  for (var t = first; t < length; t++) {
    let at = (id.z * length + t) * width + offset;
    let log_sum = read_log_sums(statistics + t);
    let delta = read_deltas(statistics + t);
//: for s in 0..KEYS
    var score$s = 0.0;
    var dp$s = 0.0;
//: end
//: for d in 0..HEAD4
    let q$d = load_qkv(base + t * stride, ${d}u * 4u);
    let dy$d = load_dy(at, ${d}u * 4u);
//: for s in 0..KEYS
    score$s += dot(q$d, k${s}_$d);
    dp$s += dot(dy$d, v${s}_$d);
//: end
//: end
//: for s in 0..KEYS
    let p$s = select(0.0, exp(score$s - log_sum), row$s <= t);
    let ds$s = p$s * (dp$s - delta);
//: for d in 0..HEAD4
    dk${s}_$d += ds$s * q$d;
    dv${s}_$d += p$s * dy$d;
//: end
//: end
  }

//: for s in 0..KEYS
//: for d in 0..HEAD4
  store(base + row$s * stride + width, ${d}u * 4u, dk${s}_$d * parameters.scale);
  store(base + row$s * stride + 2u * width, ${d}u * 4u, dv${s}_$d);
//: end
//: end
}
