// The token that follows each row of logits: one workgroup a row.
//
// It is drawn from the softmax of logits / temperature over the tokens that are kept: if SEARCHED, the
// `top_k` likeliest, and of these the fewest that make up `top_p` of their sum. Nothing is sorted: the
// bits of a logit, read as an integer, are ordered as logits are, and a search, 4 bits at a time,
// finds the smallest of those kept. Of equal logits the first tokens are kept.

struct Parameters {
  // Tokens of the vocabulary, and elements from one row of logits to the next.
  tokens: u32,
  stride: u32,
  // Tokens in a row of `history`.
  capacity: u32,
  temperature: f32,
  top_k: f32,
  top_p: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
//: include read_scalars NAME=logits BINDING=1 TYPE=f32
// [2]: where in a row of `history` the token goes; [3]: how many were drawn before.
@group(0) @binding(2) var<uniform> cursor: vec4u;
// (rows, capacity)
@group(0) @binding(3) var<storage, read_write> history: array<u32>;
//: if GREEDY
//: else
// Of each row.
@group(0) @binding(4) var<storage, read> seeds: array<vec2u>;
//: end

const threads = ${THREADS}u;
// In the place of a token, where a logit is not a number or infinite.
const not_a_number = 0xffffffffu;
const infinite = 0xfffffffeu;

// A key for each logit, in the order of logits.
fn key_of(logit: f32) -> u32 {
  // -0 is 0.
  let bits = select(bitcast<u32>(logit), 0u, logit == 0.0);
  return select(bits | 0x80000000u, ~bits, bits >> 31u == 1u);
}

fn logit_of(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, key >> 31u == 1u));
}

// What stands in the place of the token if a logit is unfit, otherwise 0.
fn unfit(logit: f32) -> u32 {
  let bits = bitcast<u32>(logit);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return not_a_number; }
  return select(0u, infinite, bits == 0x7f800000u);
}

// The likeliest token.
struct Best {
  key: u32,
  token: u32,
  // The first logit that is unfit, if any, and what it is.
  unfit_token: u32,
  unfit: u32,
}

var<workgroup> bests: array<Best, threads>;

fn better(a: Best, b: Best) -> Best {
  let second = b.key > a.key || (b.key == a.key && b.token < a.token);
  let broken = b.unfit_token < a.unfit_token;
  return Best(
    select(a.key, b.key, second),
    select(a.token, b.token, second),
    select(a.unfit_token, b.unfit_token, broken),
    select(a.unfit, b.unfit, broken),
  );
}

fn best_of(start: u32, thread: u32) -> Best {
  var best = Best(0u, parameters.tokens - 1u, parameters.tokens, 0u);
  for (var token = thread; token < parameters.tokens; token += threads) {
    let logit = read_logits(start + token);
    let what = unfit(logit);
    let broken = select(token, parameters.tokens, what == 0u);
    best = better(best, Best(key_of(logit), token, broken, what));
  }
  bests[thread] = best;
  workgroupBarrier();
  if (thread == 0u) {
    for (var i = 1u; i < threads; i++) { best = better(best, bests[i]); }
    bests[0] = best;
  }
  return workgroupUniformLoad(&bests[0]);
}

//: if GREEDY
//: else
// A row of logits, and which tokens are kept: those whose key is larger than `key`, or the same and
// the token's complement at least `tie`.
struct Row {
  start: u32,
  maximum: f32,
  key: u32,
  tie: u32,
}

fn keeps(row: Row, key: u32, token: u32) -> bool {
  return key > row.key || (key == row.key && ~token >= row.tie);
}

// The softmax's numerator; what is far below the likeliest token is never drawn.
fn weight(row: Row, logit: f32) -> f32 {
  let exponent = (logit - row.maximum) / parameters.temperature;
  return select(0.0, exp(exponent), exponent > -80.0);
}

//: include threefry

// A random number in [0, 1).
fn uniform_of(bits: u32) -> f32 {
  return f32(bits >> 8u) * 0x1p-24;
}

var<workgroup> masses: array<f32, threads>;

// Draws one of the tokens that are kept: first an invocation by the weight of its tokens, then one
// of these.
fn draw(row: Row, seed: vec2u, thread: u32) -> u32 {
  var mass = 0.0;
  for (var token = thread; token < parameters.tokens; token += threads) {
    let logit = read_logits(row.start + token);
    if (keeps(row, key_of(logit), token)) { mass += weight(row, logit); }
  }
  masses[thread] = mass;
  workgroupBarrier();
  if (thread > 0u) { return 0u; }
  var total = 0.0;
  for (var i = 0u; i < threads; i++) { total += masses[i]; }
  let random = threefry(seed, vec2u(cursor[3], 0u));
  // Rounding can leave a little of either number: then the last one with any weight is meant.
  var left = uniform_of(random.x) * total;
  var owner = 0u;
  for (var i = 0u; i < threads && left >= 0.0; i++) {
    left -= masses[i];
    owner = select(owner, i, masses[i] > 0.0);
  }
  left = uniform_of(random.y) * masses[owner];
  var drawn = owner;
  for (var token = owner; token < parameters.tokens && left >= 0.0; token += threads) {
    let logit = read_logits(row.start + token);
    let mass = select(0.0, weight(row, logit), keeps(row, key_of(logit), token));
    left -= mass;
    drawn = select(drawn, token, mass > 0.0);
  }
  return drawn;
}
//: end

//: if SEARCHED
// What each invocation's tokens amount to at each of 16 thresholds, and what all do.
var<workgroup> parts: array<array<f32, threads>, 16>;
var<workgroup> sums: array<f32, 16>;

// A threshold, and what the tokens at least there, and above it, amount to.
struct Found {
  threshold: u32,
  reached: f32,
  beyond: f32,
  // What was to be reached.
  wanted: f32,
}

var<workgroup> found_by_all: Found;

// The largest threshold for which the kept tokens at least there amount to `wanted`, or to `share` of
// all of them if that is more. A token counts 1 or, if `weighted`, its weight. Its place is its key,
// or with `ties` the token's complement among those whose key is `key`.
fn search(
  row: Row,
  weighted: bool,
  ties: bool,
  key: u32,
  wanted: f32,
  share: f32,
  thread: u32,
) -> Found {
  let steps = vec4u(0u, 1u, 2u, 3u);
  var found = Found(0u, 0.0, 0.0, wanted);
  for (var four = 8u; four > 0u; four--) {
    let shift = 4u * four - 4u;
//: for q in 0..4
    let from$q = found.threshold + ((steps + ${q}u * 4u) << vec4u(shift));
//: end
    var own_sums = mat4x4f();
    for (var token = thread; token < parameters.tokens; token += threads) {
      let logit = read_logits(row.start + token);
      let own = key_of(logit);
      let counts = keeps(row, own, token) && (!ties || own == key);
      var amount = select(0.0, 1.0, counts);
      if (weighted) { amount *= weight(row, logit); }
      let at = vec4u(select(own, ~token, ties));
//: for q in 0..4
      own_sums[$q] += select(vec4f(), vec4f(amount), at >= from$q);
//: end
    }
//: for q in 0..4
//: for r in 0..4
    parts[4 * $q + $r][thread] = own_sums[$q][$r];
//: end
//: end
    workgroupBarrier();
    if (thread < 16u) {
      var sum = 0.0;
      for (var i = 0u; i < threads; i++) { sum += parts[thread][i]; }
      sums[thread] = sum;
    }
    workgroupBarrier();
    if (four == 8u) { found.wanted = max(found.wanted, share * sums[0]); }
    // The sums fall: those that reach what is wanted come first, and rounding may leave none.
    var digit = 0u;
    for (var i = 1u; i < 16u; i++) { digit += select(0u, 1u, sums[i] >= found.wanted); }
    found.threshold += digit << shift;
    found.reached = sums[digit];
    if (digit < 15u) { found.beyond = sums[digit + 1u]; }
  }
  if (thread == 0u) { found_by_all = found; }
  return workgroupUniformLoad(&found_by_all);
}
//: end

//: if SEARCHED
// Keeps the `top_k` likeliest tokens; then of these the fewest likeliest whose weights add up to
// `top_p` of the sum. One place that searches, as it is a long program.
fn keep_likeliest(all: Row, thread: u32) -> Row {
  var row = all;
  for (var part = 0u; part < 2u; part++) {
    let weighted = part == 1u;
    let before = row;
    if (!weighted && parameters.top_k >= f32(parameters.tokens)) { continue; }
    if (weighted && parameters.top_p >= 1.0) { continue; }
    var wanted = select(parameters.top_k, 0.0, weighted);
    var share = select(0.0, parameters.top_p, weighted);
    for (var ties = 0u; ties < 2u; ties++) {
      let found = search(before, weighted, ties == 1u, row.key, wanted, share, thread);
      if (ties == 1u) {
        row.tie = found.threshold;
        break;
      }
      row.key = found.threshold;
      row.tie = select(0u, before.tie, row.key == before.key);
      // Without one of the smallest it would be too little: all of them are needed.
      let one = select(1.0, weight(row, logit_of(row.key)), weighted);
      if (found.reached - one < found.wanted) { break; }
      wanted = found.wanted - found.beyond;
      share = 0.0;
    }
  }
  return row;
}
//: end

@compute @workgroup_size($THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let start = group.x * parameters.stride;
  let best = best_of(start, thread);
  var token = best.token;
//: if GREEDY
//: else
  var row = Row(start, read_logits(start + best.token), 0u, 0u);
//: if SEARCHED
  row = keep_likeliest(row, thread);
//: end
  token = draw(row, seeds[group.x], thread);
//: end
  if (thread > 0u) { return; }
  if (best.unfit != 0u) { token = best.unfit; }
  history[group.x * parameters.capacity + cursor[2]] = token;
}
