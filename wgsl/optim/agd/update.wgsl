// W <- W - coefficient * direction, with the coefficient of the chunk's layer; with AVERAGING, then
// average <- average + w (W - average) with w = AVERAGING / (AVERAGING + steps). With CAUTIOUS
// an element that points against the gradient, whose sign is the last bit of momentum's value, moves by
// the less of it the longer momentum remembers. One workgroup a chunk.

struct Parameters {
  chunks: u32,
  // The step from which on momentum remembers more than its own length.
  growing: f32,
}

//: include chunk

@group(0) @binding(0) var<uniform> parameters: Parameters;
// [0]: whether the step is skipped, [1]: steps done, this one included.
@group(0) @binding(1) var<uniform> progress: vec4f;
@group(0) @binding(2) var<storage, read> coefficients: array<f32>;
@group(0) @binding(3) var<storage, read> chunks: array<Chunk>;
//: include read_scalars NAME=direction BINDING=4 TYPE=f32
//: include read_write NAME=weight BINDING=5 FROM=$WEIGHT_FROM
//: if AVERAGING
//: include read_write NAME=average BINDING=6 FROM=8
//: end
//: if CAUTIOUS
//: include read_scalars NAME=momentum BINDING=$MOMENTUM TYPE=f32
//: end

@compute @workgroup_size($THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let c = group.x + group.y * groups.x;
  if (c >= parameters.chunks || progress[0] != 0.0) { return; }
  let chunk = chunks[c];
  let coefficient = coefficients[chunk.index];
  //: if CAUTIOUS
  let against = coefficient * min(1.0, parameters.growing / progress[1]);
  //: end
  for (var row = 0u; row < chunk.rows; row++) {
    let start = chunk.offset + row * chunk.stride;
    for (var i = start + thread; i < start + chunk.columns; i += ${THREADS}u) {
      //: if CAUTIOUS
      let D = read_direction(i);
      let gradient_is_negative = (bitcast<u32>(read_momentum(i)) & 1u) == 1u;
      let W = read_weight(i) - select(against, coefficient, (D < 0.0) == gradient_is_negative) * D;
      //: else
      let W = read_weight(i) - coefficient * read_direction(i);
      //: end
      weight[i] = W;
      //: if AVERAGING
      let before = read_average(i);
      average[i] = before + ${AVERAGING}.0 / (${AVERAGING}.0 + progress[1]) * (W - before);
      //: end
    }
  }
}
