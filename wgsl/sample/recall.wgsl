// Takes a run of tokens of each sequence from its history, which goes round:
//   tokens[b, t] = history[b, (cursor[1] + t) % capacity]

struct Parameters {
  // Elements of tokens, tokens per sequence, and tokens in a row of history.
  size: u32,
  length: u32,
  capacity: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> history: array<u32>;
// [1]: where in a row of history the run begins.
@group(0) @binding(2) var<uniform> cursor: vec4u;
@group(0) @binding(3) var<storage, read_write> tokens: array<u32>;

@compute @workgroup_size($THREADS)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= parameters.size) { return; }
  let at = (cursor[1] + i % parameters.length) % parameters.capacity;
  tokens[i] = history[i / parameters.length * parameters.capacity + at];
}
