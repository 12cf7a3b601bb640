"""
Writes the Parquet files of this directory: python3 make.py, with pyarrow 25.0.1 and duckdb 1.5.6.

All but the last three hold the same 25 rows in the column "text": see text_of.
"""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq


def text_of(row):
    """What is in a row: texts of several lengths and scripts, an empty one, a few nulls."""
    if row % 7 == 3:
        return None
    if row == 5:
        return ""
    return f"Row {row}: " + "the moon, 月と海 🌙, " * (row % 5) + "end.\nA second line."


ROWS = range(25)
nested = pa.array([[{"url": f"u{i}", "tags": ["a"] * (i % 3)}] * (i % 2) for i in ROWS])
table = pa.table({
    "id": pa.array(ROWS, pa.int64()),
    "links": nested,
    "text": pa.array([text_of(row) for row in ROWS], pa.string()),
    "meta": pa.array(
        [{"title": f"Title {i}", "body": text_of(i)} if i % 4 else None for i in ROWS]
    ),
    "score": pa.array([i / 2 for i in ROWS], pa.float32()),
})
plain = {"use_dictionary": False}
pq.write_table(table, "pyarrow_dictionary_snappy.parquet", row_group_size=10)
pq.write_table(table, "pyarrow_v2_zstd.parquet", data_page_version="2.0", compression="zstd",
               row_group_size=9, data_page_size=100, write_batch_size=2,
               write_page_checksum=True)
pq.write_table(table, "pyarrow_lengths_gzip.parquet", compression="gzip", **plain,
               column_encoding={"text": "DELTA_LENGTH_BYTE_ARRAY"}, write_page_index=True)
# As parquet-mr: prefixes in v2 pages, and a dictionary that is given up when it becomes large.
pq.write_table(table, "pyarrow_v2_prefixes_none.parquet", data_page_version="2.0",
               compression="none", column_encoding={"text": "DELTA_BYTE_ARRAY"}, **plain)
pq.write_table(table, "pyarrow_fallback_brotli.parquet", compression="brotli",
               dictionary_pagesize_limit=200, data_page_size=100, write_batch_size=2)
pq.write_table(table, "pyarrow_lz4.parquet", compression="lz4")
connection = duckdb.connect()
for codec in ["snappy", "zstd"]:
    connection.sql(f"COPY (SELECT * FROM 'pyarrow_dictionary_snappy.parquet' ORDER BY id) "
                   f"TO 'duckdb_{codec}.parquet' (FORMAT parquet, COMPRESSION {codec})")

# Two million rows in one group, of three texts and null.
few = pa.array(["one", "two", None, "three"]).take(pa.array([i % 4 for i in range(2_000_000)]))
pq.write_table(pa.table({"text": few}), "many_rows.parquet", compression="zstd",
               row_group_size=2_000_000, max_rows_per_page=100_000, write_statistics=False)
# A row group of 300 MB: 75,000 texts of 4,000 bytes.
long = pa.array(["A long text. " * 307 + "The end."]).take(pa.array([0] * 75_000))
pq.write_table(pa.table({"text": long}), "large_group.parquet", compression="zstd", **plain,
               row_group_size=75_000, write_statistics=False, compression_level=19)
# A text that is not UTF-8, in a column that does not say what its bytes are.
pq.write_table(pa.table({"text": pa.array([b"one", b"\xffwo", b"three"])}), "not_utf8.parquet")
