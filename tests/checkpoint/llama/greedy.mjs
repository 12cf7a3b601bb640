/**
 * Has llama.cpp go on from prompts, greedily, under Node. Arguments: the entry of node-llama-cpp, the
 * number of tokens, and GGUF files with a prompt each. Prints the tokens of each prompt, those after
 * it, and their text as JSON.
 */
const [entry, count, ...files] = process.argv.slice(2);
const { getLlama } = await import(entry);
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: "error" });
const results = [];
for (let i = 0; i < files.length; i += 2) {
  const model = await llama.loadModel({ modelPath: files[i] });
  // More threads wait for each other by spinning, which takes minutes where others want the processor.
  const options = { contextSize: model.trainContextSize, threads: 1 };
  const context = await model.createContext(options);
  const prompt = model.tokenize(files[i + 1]);
  const tokens = [];
  for await (const token of context.getSequence().evaluate(prompt, { temperature: 0 })) {
    tokens.push(token);
    if (tokens.length === Number(count)) break;
  }
  results.push({ prompt, tokens, text: model.detokenize(tokens) });
}
console.log(JSON.stringify(results));
process.exit();
