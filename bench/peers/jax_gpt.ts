import type { Gpt2Config } from "../../src/model/config.ts";
import type { Jax, JaxArray, JaxLoss, JaxStep, JaxTree } from "./jax.ts";

/** GPT-2's mean loss with jax-js, of parameters by Hugging Face's names. */
export function jaxGpt({ numpy: np, nn }: Jax, config: Gpt2Config, batch: number): JaxLoss {
  const { layers, heads, width, context, vocabularySize } = config;
  return (p, inputs, targets) => {
    const norm = (x: JaxArray, name: string) =>
      nn.standardize(x, -1).mul(p[`${name}.weight`]).add(p[`${name}.bias`]);
    const linear = (x: JaxArray, name: string) =>
      np.matmul(x, p[`${name}.weight`]).add(p[`${name}.bias`]);
    const attention = (x: JaxArray, name: string) => {
      const [q, k, v] = np.split(linear(x, `${name}.c_attn`), 3, -1)
        .map((part) => part.reshape([batch, context, heads, width / heads]));
      const y = nn.dotProductAttention(q, k, v, { isCausal: true });
      return linear(y.reshape([batch, context, width]), `${name}.c_proj`);
    };
    const mlp = (x: JaxArray, name: string) =>
      linear(nn.gelu(linear(x, `${name}.c_fc`), { approximate: true }), `${name}.c_proj`);

    const wte = p["wte.weight"];
    // Not `take`: Deno refuses the kernel of its gradient, which passes a pointer to storage.
    let x = np.matmul(nn.oneHot(inputs, vocabularySize), wte.ref).add(p["wpe.weight"]);
    for (let layer = 0; layer < layers; layer++) {
      const h = `h.${layer}`;
      x = x.ref.add(attention(norm(x, `${h}.ln_1`), `${h}.attn`));
      x = x.ref.add(mlp(norm(x, `${h}.ln_2`), `${h}.mlp`));
    }
    const logits = np.matmul(norm(x, "ln_f"), np.transpose(wte));
    return nn.logSoftmax(logits, -1).mul(nn.oneHot(targets, vocabularySize))
      .sum().mul(-1 / (batch * context));
  };
}

/** Forward pass, loss, gradients and the update of plain gradient descent, compiled as one. */
export function jaxStep(jax: Jax, loss: JaxLoss, learningRate: number): JaxStep {
  const lossAndGradients = jax.valueAndGrad(loss);
  return jax.jit((weights, inputs, targets) => {
    const names = Object.keys(weights);
    const kept = Object.fromEntries(names.map((name) => [name, weights[name].ref]));
    const [value, gradients] = lossAndGradients(kept, inputs, targets);
    const updated: JaxTree = {};
    for (const name of names) {
      updated[name] = weights[name].sub(gradients[name].mul(learningRate));
    }
    return [value, updated];
  });
}
