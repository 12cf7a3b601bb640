// Decides whether a step is done or skipped, and counts those that are done.

struct Parameters {
  flags: u32,
  beta1: f32,
  beta2: f32,
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
// One for each workgroup that looked for unfit gradients.
@group(0) @binding(1) var<storage, read> flags: array<u32>;
@group(0) @binding(2) var<storage, read_write> progress: Progress;
// [0]: the same as progress.skipped.
@group(0) @binding(3) var<storage, read_write> summary: array<f32>;

const threads = ${THREADS}u;
var<workgroup> unfit: array<u32, threads>;

@compute @workgroup_size($THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var found = 0u;
  for (var f = thread; f < parameters.flags; f += threads) { found |= flags[f]; }
  unfit[thread] = found;
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) { unfit[thread] |= unfit[thread + half]; }
  }
  workgroupBarrier();
  if (thread != 0u) { return; }
  progress.skipped = f32(unfit[0]);
  summary[0] = progress.skipped;
  if (unfit[0] != 0u) { return; }
  progress.steps += 1.0;
  progress.power1 *= parameters.beta1;
  progress.power2 *= parameters.beta2;
}
