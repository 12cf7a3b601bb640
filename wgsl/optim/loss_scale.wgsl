// The loss scale of the next step: half after gradients that overflowed, twice after as many good
// steps as `patience` says.

struct Parameters {
  patience: f32,
}

struct Scaling {
  scale: f32,
  // Steps since it changed.
  steps: f32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read_write> scaling: Scaling;
@group(0) @binding(2) var<storage, read_write> overflow: u32;

const smallest = 1.0;
const largest = 0x1p24;

@compute @workgroup_size(1)
fn main() {
  scaling.steps += 1.0;
  if (overflow != 0u) {
    scaling = Scaling(max(scaling.scale / 2.0, smallest), 0.0);
  } else if (scaling.steps >= parameters.patience) {
    scaling = Scaling(min(scaling.scale * 2.0, largest), 0.0);
  }
  overflow = 0u;
}
