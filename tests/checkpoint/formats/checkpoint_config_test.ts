import { assertEquals, assertThrows } from "@std/assert";
import { compactVocabulary } from "../../../src/tokens/vocabulary.ts";
import { UserError } from "../../../src/errors.ts";
import { readEncoding } from "../../../src/checkpoint/formats/read_encoding.ts";
import { END, smallTokenizer } from "../../tokens/small_tokenizer.ts";
import {
  type CheckpointConfig,
  configFromJson,
  configToJson,
} from "../../../src/checkpoint/formats/checkpoint_config.ts";

const FULL: CheckpointConfig = {
  model: {
    ...{ layers: 2, heads: 4, width: 32, context: 64, vocabularySize: 50257 },
    ...{ bias: true, affine: true },
  },
};

const { size: vocabularySize, tokens, endOfText } = compactVocabulary([995, 15496]);
const COMPACT: CheckpointConfig = {
  model: { ...FULL.model, vocabularySize, bias: false, affine: false },
  tokens,
};

Deno.test("config.json has Hugging Face's keys", () => {
  assertEquals(configToJson(FULL), {
    ...{ model_type: "gpt2", architectures: ["GPT2LMHeadModel"] },
    ...{ n_layer: 2, n_head: 4, n_embd: 32, n_positions: 64, n_ctx: 64, vocab_size: 50257 },
    ...{ activation_function: "gelu_new", layer_norm_epsilon: 0.00001 },
    ...{ bos_token_id: 50256, eos_token_id: 50256 },
    ...{ attn_pdrop: 0, embd_pdrop: 0, resid_pdrop: 0 },
    ...{ scale_attn_weights: true, scale_attn_by_inverse_layer_idx: false },
    ...{ tie_word_embeddings: true, add_cross_attention: false, torch_dtype: "float32" },
    agd_gpt2: { bias: true, affine: true, vocabulary: "full" },
  });
  assertEquals(configToJson(COMPACT).eos_token_id, endOfText);
  assertEquals(configToJson(COMPACT).vocab_size, 259);
});

Deno.test("a configuration survives config.json", () => {
  for (const config of [FULL, COMPACT]) {
    const json = JSON.parse(JSON.stringify(configToJson(config)));
    assertEquals(configFromJson(json, "config.json"), config);
  }
});

Deno.test("the config.json of the published GPT-2 is understood", () => {
  const published = {
    ...{ activation_function: "gelu_new", architectures: ["GPT2LMHeadModel"] },
    ...{ attn_pdrop: 0.1, embd_pdrop: 0.1, resid_pdrop: 0.1, initializer_range: 0.02 },
    ...{ bos_token_id: 50256, eos_token_id: 50256, layer_norm_epsilon: 1e-05, n_inner: null },
    ...{ model_type: "gpt2", n_ctx: 1024, n_embd: 768, n_head: 12, n_layer: 12 },
    ...{ n_positions: 1024, summary_type: "cls_index", vocab_size: 50257 },
  };
  assertEquals(configFromJson(published, "config.json"), {
    model: {
      ...{ layers: 12, heads: 12, width: 768, context: 1024, vocabularySize: 50257 },
      ...{ bias: true, affine: true },
    },
  });
});

Deno.test("configFromJson names the file and the key that is wrong", () => {
  const refuse = (json: unknown, message: string) => {
    const error = assertThrows(() => configFromJson(json, "runs/a/config.json"), UserError);
    assertEquals(error.message, `runs/a/config.json: ${message}`);
  };
  for (const json of [null, 3, "gpt2", [FULL]]) refuse(json, "not a JSON object");

  const json = configToJson(COMPACT);
  const required = ["model_type"];
  const sizes = ["n_layer", "n_head", "n_embd", "n_positions", "vocab_size"];
  for (const key of [...required, ...sizes]) {
    const { [key]: _, ...rest } = json;
    refuse(rest, `${key} is missing`);
  }
  for (const key of sizes) {
    for (const value of [0, -1, 1.5, "12", null, [1]]) {
      refuse(
        { ...json, [key]: value },
        `${key} is ${JSON.stringify(value)}, not a positive integer`,
      );
    }
  }
  const values: [string, unknown, string][] = [
    ["model_type", "llama", 'is "llama", not "gpt2"'],
    ["activation_function", "relu", 'is "relu": only gelu_new is supported'],
    ["layer_norm_epsilon", 1e-6, "is 0.000001: only 0.00001 is supported"],
    ["tie_word_embeddings", false, "is false: only true is supported"],
    ["scale_attn_weights", false, "is false: only true is supported"],
    ["scale_attn_by_inverse_layer_idx", true, "is true: only false is supported"],
    ["add_cross_attention", true, "is true: only false is supported"],
    ["n_inner", 100, "is 100: only 128 is supported"],
    ["n_head", 5, "is 5, which does not divide n_embd, 32"],
    ["vocab_size", 258, "is 258, but the vocabulary has 259 tokens"],
    ["eos_token_id", 0, "is 0: only 258, <|endoftext|>, is supported"],
    ["eos_token_id", [258, 3], "is [258,3]: only 258, <|endoftext|>, is supported"],
    ["agd_gpt2", "none", "is not an object"],
  ];
  for (const [key, value, message] of values) {
    refuse({ ...json, [key]: value }, `${key} ${message}`);
  }
  for (const size of [50256, 60_000]) {
    const wrong = { ...configToJson(FULL), vocab_size: size };
    refuse(wrong, `vocab_size is ${size}, but the vocabulary has 50257 tokens`);
  }
});

Deno.test("configFromJson checks agd_gpt2", () => {
  const json = configToJson(COMPACT);
  const own = { bias: true, affine: true, vocabulary: [...tokens ?? []] };
  const changed = (index: number, token: number) => own.vocabulary.with(index, token);
  const refuse = (change: Record<string, unknown>, message: string) => {
    const changedJson = { ...json, agd_gpt2: { ...own, ...change } };
    const error = assertThrows(() => configFromJson(changedJson, "c.json"), UserError);
    assertEquals(error.message, `c.json: agd_gpt2.${message}`);
  };
  refuse({ bias: undefined }, "bias is missing");
  refuse({ affine: 1 }, "affine is 1, not true or false");
  refuse({ vocabulary: undefined }, "vocabulary is missing");
  refuse({ vocabulary: "compact" }, 'vocabulary is neither "full" nor a list of tokens');
  refuse({ vocabulary: changed(3, -1) }, "vocabulary[3] is -1, which is not a token of GPT-2");
  refuse(
    { vocabulary: changed(257, 1.5) },
    "vocabulary[257] is 1.5, which is not a token of GPT-2",
  );
  refuse(
    { vocabulary: changed(258, 50257) },
    "vocabulary[258] is 50257, which is not a token of GPT-2",
  );
  refuse({ vocabulary: changed(257, 995) }, "vocabulary[257] is 995, which does not ascend");
  refuse({ vocabulary: changed(258, 50255) }, "vocabulary lacks 50256, <|endoftext|>");
  const lacks = "vocabulary lacks some of the tokens 0 to 255, the single bytes";
  refuse({ vocabulary: own.vocabulary.slice(1) }, lacks);
  refuse({ vocabulary: [] }, lacks);
});

Deno.test("configFromJson takes what Hugging Face's GPT-2s may leave out or say otherwise", () => {
  const json = configToJson(FULL);
  const { activation_function: _, layer_norm_epsilon: __, eos_token_id: ___, ...rest } = json;
  assertEquals(configFromJson(rest, "c.json"), FULL);
  const other = { activation_function: "gelu_pytorch_tanh", n_ctx: 32, eos_token_id: [50256] };
  assertEquals(configFromJson({ ...json, ...other }, "c.json"), FULL);
  for (const storedRows of [50258, 50304]) {
    const padded = { ...json, vocab_size: storedRows };
    assertEquals(configFromJson(padded, "c.json"), { ...FULL, storedRows });
  }
});

Deno.test("configFromJson takes a tokenizer of the model's own, and any token for its end", () => {
  const fail = (what: string) => new Error(what);
  const { ids, pairs } = smallTokenizer();
  const written = { vocabulary: ids, pairs: [...pairs], added: {} };
  const source = { ...readEncoding(written, Infinity, fail), files: new Map() };
  const { agd_gpt2: _, eos_token_id: __, ...json } = configToJson(FULL);
  const size = source.ids.size;
  const given = { ...json, vocab_size: size, eos_token_id: 0 };
  const read = configFromJson(given, "c.json", source);
  assertEquals(read.model, { ...FULL.model, vocabularySize: size });
  assertEquals([read.tokenizer?.endOfText, read.tokenizer?.endName], [0, END]);
  const again = configToJson(read);
  assertEquals([again.bos_token_id, again.eos_token_id, again.vocab_size], [0, 0, size]);
  assertEquals(configFromJson(again, "c.json", source).tokenizer?.own, read.tokenizer?.own);
  const padded = configFromJson({ ...given, vocab_size: size + 9 }, "c.json", source);
  assertEquals([padded.model.vocabularySize, padded.storedRows], [size, size + 9]);

  const refuse = (change: object, message: string, tokenizer?: typeof source) => {
    const call = () => configFromJson({ ...given, ...change }, "c.json", tokenizer);
    assertEquals(assertThrows(call, UserError).message, `c.json: ${message}`);
  };
  refuse(
    { eos_token_id: size },
    `eos_token_id is ${size}: only one id from 0 to ${size - 1} is supported`,
    source,
  );
  refuse(
    { eos_token_id: [0, 1] },
    `eos_token_id is [0,1]: only one id from 0 to ${size - 1} is supported`,
    source,
  );
  refuse(
    { eos_token_id: null },
    "eos_token_id is missing, and the tokenizer beside it has no <|endoftext|>",
    source,
  );
  refuse({ vocab_size: 200 }, `vocab_size is 200, but the vocabulary has ${size} tokens`, source);
  refuse(
    again,
    "agd_gpt2.vocabulary is the model's own, but there is no vocab.json with merges.txt, nor tokenizer.json",
  );

  const otherEnd = configFromJson({ ...json, eos_token_id: 0 }, "c.json");
  assertEquals([otherEnd.tokenizer?.endName, otherEnd.tokenizer?.own], ["!", {
    ...{ endOfText: 0, encoding: undefined },
  }]);
  assertEquals(configToJson(otherEnd).eos_token_id, 0);
});
