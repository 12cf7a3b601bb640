// Causal attention, forward. Each invocation computes ${QUERIES} consecutive queries of one head
// with an online softmax (Milakov and Gimelshein 2018; FlashAttention), so no matrix of scores
// is ever stored:
//   y[t] = sum over s <= t of softmax_s(q[t] . k[s] / sqrt(head size)) v[s]
//
// qkv is (batch, rows, 3 C): query, key and value of all heads. The query at row r attends to
// rows 0..r; y's row 0 belongs to qkv's row `start`.

struct Parameters {
  // Queries per sequence, and rows of qkv per sequence.
  length: u32,
  rows: u32,
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
@group(0) @binding(2) var<uniform> start: vec4u;
@group(0) @binding(3) var<storage, read_write> y: array<Element>;
// (batch, heads, length): log of the sum of the exponentials of the scores.
@group(0) @binding(4) var<storage, read_write> log_sums: array<f32>;

const head_size = ${HEAD_SIZE}u;
const lowest = -3.4e38;

fn store(at: u32, d: u32, value: vec4f) {
//: if VECTOR
  y[(at + d) / 4u] = Element(value);
//: else
  //: for e in 0..4
  if (d + ${e}u < head_size) { y[at + d + ${e}u] = Element(value[$e]); }
  //: end
//: end
}

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let first = id.x * ${QUERIES}u;
  let head = id.y;
  let sequence = id.z;
  if (first >= parameters.length) { return; }
  let width = parameters.width;
  let stride = 3u * width;
  let base = sequence * parameters.rows * stride + head * head_size;
  let last = parameters.length - 1u;

  // Past the last query the last is computed again.
//: for q in 0..QUERIES
  let row$q = min(first + ${q}u, last);
  let position$q = start[0] + row$q;
  var maximum$q = f32(lowest);
  var sum$q = 0.0;
//: for d in 0..HEAD4
  let q${q}_$d = load_qkv(base + position$q * stride, ${d}u * 4u) * parameters.scale;
  var y${q}_$d = vec4f();
//: end
//: end

  let keys = start[0] + min(first + ${QUERIES}u, parameters.length);
  for (var s = 0u; s < keys; s++) {
    let key = base + s * stride + width;
//: for q in 0..QUERIES
    var score$q = 0.0;
//: end
//: for d in 0..HEAD4
    let k$d = load_qkv(key, ${d}u * 4u);
//: for q in 0..QUERIES
    score$q += dot(q${q}_$d, k$d);
//: end
//: end
//: for q in 0..QUERIES
    // A masked score must not become the maximum, and its weight is exp(-huge) = 0.
    score$q = select(lowest, score$q, s <= position$q);
    let maximum_new$q = max(maximum$q, score$q);
    let keep$q = exp(maximum$q - maximum_new$q);
    let weight$q = exp(score$q - maximum_new$q);
    maximum$q = maximum_new$q;
    sum$q = sum$q * keep$q + weight$q;
//: end
//: for d in 0..HEAD4
    let v$d = load_qkv(key + width, ${d}u * 4u);
//: for q in 0..QUERIES
    y${q}_$d = y${q}_$d * keep$q + weight$q * v$d;
//: end
//: end
  }

//: for q in 0..QUERIES
  let at$q = (sequence * parameters.length + row$q) * width + head * head_size;
//: for d in 0..HEAD4
  store(at$q, ${d}u * 4u, y${q}_$d / sum$q);
//: end
  log_sums[(sequence * parameters.heads + head) * parameters.length + row$q] =
    maximum$q + log(sum$q);
//: end
}
