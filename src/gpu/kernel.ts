import { type Constants, type Includes, specialise } from "./template.ts";

/** A compute pipeline, compiled at its first use. Its bindings are group 0, numbered from 0. */
export interface Kernel {
  /** Name for error messages and debuggers. */
  readonly label: string;
  /** The pipeline; compiles it if need be. */
  readonly pipeline: GPUComputePipeline;
  /** Whether it has been compiled ahead, by the driver too. */
  isCompiled: boolean;
}

/** A kernel from WGSL with the directives of {@linkcode specialise}. */
export class LazyKernel implements Kernel {
  readonly label: string;
  isCompiled = false;
  readonly #compile: () => GPUComputePipeline;
  #pipeline: GPUComputePipeline | undefined;

  constructor(
    device: GPUDevice,
    label: string,
    source: string,
    constants: Constants,
    includes: Includes,
  ) {
    this.label = label;
    this.#compile = () => {
      const types: unknown[] = Object.values(constants);
      const enable = types.includes("f16") ? "enable f16;\n" : "";
      const code = enable + specialise(source, constants, includes);
      return device.createComputePipeline({
        label,
        layout: "auto",
        compute: { module: device.createShaderModule({ label, code }), entryPoint: "main" },
      });
    };
  }

  get pipeline(): GPUComputePipeline {
    return this.#pipeline ??= this.#compile();
  }
}
