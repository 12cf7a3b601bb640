// Causal attention of a single query of each sequence, the last of its tokens: one workgroup a head.
// The keys are divided among the invocations, each with an online softmax (Milakov and Gimelshein
// 2018), whose results are merged at the end:
//   y = sum over s of softmax_s(q . k[s] / sqrt(head size)) v[s]
//
// qkv is (batch, rows, 3 C): query, key and value of all heads; the query is at row `start`.

struct Parameters {
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
// (batch, heads): log of the sum of the exponentials of the scores.
@group(0) @binding(4) var<storage, read_write> log_sums: array<f32>;

const threads = ${THREADS}u;
const head_size = ${HEAD_SIZE}u;
const lowest = -3.4e38;

// Of each invocation: the largest score, the sum of exp(score - that), and so weighted values.
var<workgroup> maxima: array<f32, threads>;
var<workgroup> sums: array<f32, threads>;
var<workgroup> values: array<array<vec4f, threads>, $HEAD4>;

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
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let width = parameters.width;
  let head = group.x * head_size;
  let stride = 3u * width;
  let base = group.y * parameters.rows * stride + head;
  let query = base + start[0] * stride;
  var maximum = f32(lowest);
  var sum = 0.0;
//: for d in 0..HEAD4
  let q$d = load_qkv(query, ${d}u * 4u) * parameters.scale;
  var y$d = vec4f();
//: end
  for (var s = thread; s <= start[0]; s += threads) {
    let key = base + s * stride + width;
    var score = 0.0;
//: for d in 0..HEAD4
    score += dot(q$d, load_qkv(key, ${d}u * 4u));
//: end
    let maximum_new = max(maximum, score);
    let keep = exp(maximum - maximum_new);
    let weight = exp(score - maximum_new);
    maximum = maximum_new;
    sum = sum * keep + weight;
//: for d in 0..HEAD4
    y$d = y$d * keep + weight * load_qkv(key + width, ${d}u * 4u);
//: end
  }
  maxima[thread] = maximum;
  sums[thread] = sum;
//: for d in 0..HEAD4
  values[$d][thread] = y$d;
//: end
  workgroupBarrier();
  // An invocation without keys has the lowest maximum, whose weight here is exp(-huge) = 0.
  for (var i = 0u; i < threads; i++) { maximum = max(maximum, maxima[i]); }
  sum = 0.0;
  for (var i = 0u; i < threads; i++) { sum += sums[i] * exp(maxima[i] - maximum); }
  for (var d = thread; d < ${HEAD4}u; d += threads) {
    var value = vec4f();
    for (var i = 0u; i < threads; i++) { value += values[d][i] * exp(maxima[i] - maximum); }
    store(group.y * width + head, d * 4u, value / sum);
  }
  if (thread == 0u) { log_sums[group.y * parameters.heads + group.x] = maximum + log(sum); }
}
