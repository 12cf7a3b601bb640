// Decides whether a step is done or skipped, and counts those that are done. If CLIPPED, also by
// what the gradients are multiplied so that their global 2-norm is at most `most` (Pascanu et al.
// 2013, algorithm 1).

struct Parameters {
  findings: u32,
  beta1: f32,
  beta2: f32,
//: if CLIPPED
  most: f32,
//: end
}

struct Finding {
  unfit: u32,
  squares: f32,
}

struct Progress {
  // 1 for a step that is skipped, 0 for one that is done.
  skipped: f32,
  // Steps done, this one included.
  steps: f32,
  // beta^steps, with which averages that start at 0 are corrected.
  power1: f32,
  power2: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
// One for each workgroup that looked at gradients.
@group(0) @binding(1) var<storage, read> findings: array<Finding>;
@group(0) @binding(2) var<storage, read_write> progress: Progress;
// [0]: the same as progress.skipped.
@group(0) @binding(3) var<storage, read_write> summary: array<f32>;
//: if CLIPPED
@group(0) @binding(4) var<storage, read_write> factor: f32;
//: end

const threads = ${THREADS}u;
var<workgroup> unfit: array<u32, threads>;
//: if CLIPPED
//: include workgroup_sum T=f32
//: end

@compute @workgroup_size($THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var found = 0u;
  var squares = 0.0;
  for (var f = thread; f < parameters.findings; f += threads) {
    found |= findings[f].unfit;
//: if CLIPPED
    squares += findings[f].squares;
//: end
  }
  unfit[thread] = found;
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { unfit[thread] |= unfit[thread + half]; }
  }
//: if CLIPPED
  let norm = sqrt(workgroup_sum(squares, thread));
//: end
  workgroupBarrier();
  if (thread != 0u) { return; }
  progress.skipped = f32(unfit[0]);
  summary[0] = progress.skipped;
  if (unfit[0] != 0u) { return; }
  progress.steps += 1.0;
  progress.power1 *= parameters.beta1;
  progress.power2 *= parameters.beta2;
//: if CLIPPED
  factor = select(1.0, parameters.most / norm, norm > parameters.most);
//: end
}
