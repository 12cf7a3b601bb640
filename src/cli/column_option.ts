/** The option `--column`. */
export const COLUMN = {
  value: "NAME",
  help: "column of .parquet files that holds the texts (default text)",
};
