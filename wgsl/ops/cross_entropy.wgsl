// Softmax cross-entropy of each row of logits: one workgroup a row.
//   loss = log(sum(exp(logits))) - logits[target]
// With BACKWARD the logits become their gradient, (softmax - one_hot(target)) * gradient_scale,
// and the padding columns become 0.

struct Parameters {
  // Rows in this chunk, and where the chunk starts in `targets` and `losses`.
  rows: u32,
  first_row: u32,
  columns: u32,
  // Elements from one row of logits to the next: columns and padding.
  stride: u32,
  gradient_scale: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
//: if BACKWARD
//: include read_write NAME=logits BINDING=2 FROM=4
//: else
//: include read_scalars NAME=logits BINDING=2 TYPE=f32
//: end
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
//: if HITS
// 1 where no token is likelier than the target, or else 0.
@group(0) @binding(4) var<storage, read_write> hits: array<f32>;
//: end
//: if SCALED
// [0]: a factor of the gradient.
@group(0) @binding($SCALE) var<uniform> loss_scale: vec4f;
//: end

const threads = ${THREADS}u;
const lowest = -3.4e38;
// (maximum, sum of exp(logit - maximum))
var<workgroup> partial: array<vec2f, threads>;

fn merge(p: vec2f, q: vec2f) -> vec2f {
  let maximum = max(p.x, q.x);
  return vec2f(maximum, p.y * exp(p.x - maximum) + q.y * exp(q.x - maximum));
}

@compute @workgroup_size($THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= parameters.rows) { return; }
  let start = row * parameters.stride;
  let target_token = targets[parameters.first_row + row];

  var maximum = lowest;
  for (var c = thread; c < parameters.columns; c += threads) {
    maximum = max(maximum, read_logits(start + c));
  }
  var sum = 0.0;
  for (var c = thread; c < parameters.columns; c += threads) {
    sum += exp(read_logits(start + c) - maximum);
  }
  partial[thread] = vec2f(maximum, sum);
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { partial[thread] = merge(partial[thread], partial[thread + half]); }
  }
  workgroupBarrier();
  let log_sum = partial[0].x + log(partial[0].y);
  if (thread == 0u) {
    losses[parameters.first_row + row] = log_sum - read_logits(start + target_token);
    //: if HITS
    let is_likeliest = read_logits(start + target_token) >= partial[0].x;
    hits[parameters.first_row + row] = select(0.0, 1.0, is_likeliest);
    //: end
  }
  //: if BACKWARD
  // The loss above is read before any thread overwrites the logits.
  storageBarrier();
  workgroupBarrier();
  //: if SCALED
  let scale = parameters.gradient_scale * loss_scale[0];
  //: else
  let scale = parameters.gradient_scale;
  //: end
  for (var c = thread; c < parameters.stride; c += threads) {
    var gradient = 0.0;
    if (c < parameters.columns) {
      gradient = (exp(read_logits(start + c) - log_sum) - select(0.0, 1.0, c == target_token)) *
        scale;
    }
    logits[start + c] = gradient;
  }
  //: end
}
