import { isObject } from "../../json.ts";

/** A configuration of a data set, as its card declares it: patterns of files, by their splits. */
interface Config {
  isDefault: boolean;
  files: { split: string; pattern: string }[];
}

/**
 * The patterns of the files that make up a split, as a data set's card declares them under `configs`:
 * those of its default configuration, or of all if there is none.
 *
 * @param card What a hub's API says under `cardData`: of any form.
 * @param ofAll Whether to take the split of every configuration.
 * @returns Nothing if the card does not declare the split.
 */
export function declaredFiles(card: unknown, split: string, ofAll = false): string[] {
  const configs = configsOf(card);
  const chosen = configs.filter(({ isDefault }) => isDefault && !ofAll);
  return (chosen.length > 0 ? chosen : configs)
    .flatMap(({ files }) => files.filter((file) => file.split === split))
    .map(({ pattern }) => pattern);
}

function configsOf(card: unknown): Config[] {
  const configs = isObject(card) ? card.configs : undefined;
  if (!Array.isArray(configs)) return [];
  return configs.filter(isObject).map(({ config_name, default: isDefault, data_files }) => ({
    isDefault: isDefault === true || config_name === "default" || configs.length === 1,
    files: filesOf(data_files, "train"),
  }));
}

/** A pattern, several, or such of a split: what names no split is for training. */
function filesOf(value: unknown, split: string): Config["files"] {
  if (typeof value === "string") return [{ split, pattern: value.replace(/^(\.?\/)+/, "") }];
  if (Array.isArray(value)) return value.flatMap((item) => filesOf(item, split));
  if (!isObject(value)) return [];
  return filesOf(value.path, typeof value.split === "string" ? value.split : split);
}
