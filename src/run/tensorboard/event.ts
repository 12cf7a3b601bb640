import type { StepMetrics } from "../metrics.ts";
import type { Sample } from "../sample_log.ts";
import { encodeMessage, type Field } from "./protobuf.ts";

/**
 * Numbers of the fields of tensorflow.Event, Summary, Summary.Value, SummaryMetadata,
 * SummaryMetadata.PluginData, TensorProto and TensorShapeProto(.Dim), as TensorBoard's .proto files
 * have them (github.com/tensorflow/tensorboard, tensorboard/compat/proto).
 */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 };
const SUMMARY = { value: 1 };
const VALUE = { tag: 1, simpleValue: 2, tensor: 8, metadata: 9 };
const METADATA = { pluginData: 1 };
const PLUGIN = { name: 1 };
const TENSOR = { dtype: 1, shape: 2, strings: 8 };
const SHAPE = { dim: 2 };
const DIM = { size: 1 };

/** DataType.DT_STRING. */
const STRING = 7;

/** The first event of a file. */
export function versionEvent(wallTime: number): Uint8Array {
  return encodeMessage([
    { number: EVENT.wallTime, double: wallTime },
    { number: EVENT.fileVersion, text: "brain.Event:2" },
  ]);
}

/** All that a step measured, as scalars. */
export function scalarEvent(wallTime: number, metrics: StepMetrics): Uint8Array {
  const values = scalars(metrics).map(([tag, value]) =>
    encodeMessage([{ number: VALUE.tag, text: tag }, { number: VALUE.simpleValue, float: value }])
  );
  return event(wallTime, metrics.step, values);
}

/** A sample, as a text. */
export function textEvent(wallTime: number, { step, text }: Sample): Uint8Array {
  const plugin = encodeMessage([{ number: PLUGIN.name, text: "text" }]);
  const shape = message(SHAPE.dim, encodeMessage([{ number: DIM.size, varint: 1 }]));
  const tensor: Field[] = [
    { number: TENSOR.dtype, varint: STRING },
    { number: TENSOR.shape, bytes: shape },
    { number: TENSOR.strings, text },
  ];
  const value = encodeMessage([
    { number: VALUE.tag, text: "sample" },
    { number: VALUE.tensor, bytes: encodeMessage(tensor) },
    { number: VALUE.metadata, bytes: message(METADATA.pluginData, plugin) },
  ]);
  return event(wallTime, step, [value]);
}

function event(wallTime: number, step: number, values: readonly Uint8Array[]): Uint8Array {
  const summary = encodeMessage(values.map((bytes) => ({ number: SUMMARY.value, bytes })));
  return encodeMessage([
    { number: EVENT.wallTime, double: wallTime },
    { number: EVENT.step, varint: step },
    { number: EVENT.summary, bytes: summary },
  ]);
}

/** A message with another one in it. */
function message(number: number, bytes: Uint8Array): Uint8Array {
  return encodeMessage([{ number, bytes }]);
}

/** The names under which TensorBoard shows what a step measured, grouped before the slash. */
function scalars(metrics: StepMetrics): [tag: string, value: number][] {
  const { loss, val_loss, eta, gradient_summary, learning_rate, tokens } = metrics;
  const { norms = {}, tasks = {}, epochs = [] } = metrics;
  const named: [string, number | undefined][] = [
    ["loss/training", loss],
    ["loss/validation", val_loss],
    ["step/eta", eta],
    ["step/gradient_summary", gradient_summary],
    ["step/learning_rate", learning_rate],
    ["step/loss_scale", metrics.loss_scale],
    ["step/skipped", metrics.skipped ? 1 : undefined],
    ["speed/tokens_per_second", metrics.tokens_per_second],
    ["speed/data_wait_ms", metrics.data_wait_ms],
    ["speed/host_ms", metrics.host_ms],
    ["speed/reduce_wait_ms", metrics.reduce_wait_ms],
    ["speed/tokens", tokens],
    ["speed/seconds", metrics.seconds],
    ...epochs.map((passes, i): [string, number] => [`epochs/source_${i + 1}`, passes]),
    ...Object.entries(tasks).flatMap(([task, scores]) =>
      Object.entries(scores).map(([name, value]): [string, number] => [`${task}/${name}`, value])
    ),
    ...Object.entries(norms).flatMap(([group, kinds]) =>
      Object.entries(kinds).map(([kind, value]): [string, number] => [`${kind}/${group}`, value])
    ),
  ];
  return named.flatMap(([tag, value]): [string, number][] =>
    value === undefined ? [] : [[tag, value]]
  );
}
