// Nothing but multiply-adds: ACCUMULATORS independent chains of vec4s in each invocation, unrolled.

struct Parameters {
  // The software driver leaves a loop after 65,535 rounds.
  rounds: u32,
  factor: f32,
  term: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4f(parameters.factor);
  let term = vec4f(parameters.term);
//: for i in 0..ACCUMULATORS
  var x$i = vec4f(f32(id.x), $i.0, 2.0, 3.0);
//: end
  for (var round = 0u; round < parameters.rounds; round++) {
//: for u in 0..UNROLL
//: for i in 0..ACCUMULATORS
//: if FUSED
    x$i = fma(x$i, factor, term);
//: else
    x$i = x$i * factor + term;
//: end
//: end
//: end
  }
  // The compiler must not find out that nothing of this is wanted.
  var sum = vec4f();
//: for i in 0..ACCUMULATORS
  sum += x$i;
//: end
  if (sum.x == 12345.678) { out[id.x] = sum; }
}
