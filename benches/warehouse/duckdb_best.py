"""The count of the benchmark in DuckDB: the exposures once, then the facts joined once. Prints CPU seconds, MiB, a check."""

import resource
import sys

import duckdb

root = sys.argv[1]
connection = duckdb.connect()
connection.execute("SET threads = 2")
rows = connection.execute(
    f"""
    WITH first AS (
        SELECT unit_id, experiment, min(variant) AS variant, min(timestamp) AS at
        FROM '{root}/exposures/*.parquet'
        GROUP BY unit_id, experiment
        HAVING min(variant) = max(variant)
    ),
    joined AS (
        SELECT first.unit_id, first.experiment, first.variant, sum(events.value) AS value
        FROM '{root}/events/*.parquet' AS events
        JOIN first ON events.unit_id = first.unit_id
            AND events.timestamp >= first.at AND events.timestamp < first.at + INTERVAL 7 DAY
        GROUP BY first.unit_id, first.experiment, first.variant
    ),
    sums AS (
        SELECT experiment, variant, sum(value) AS sum, sum(value * value) AS squares FROM joined GROUP BY ALL
    ),
    counts AS (SELECT experiment, variant, count(*) AS n FROM first GROUP BY ALL)
    SELECT counts.*, sum, squares FROM counts LEFT JOIN sums USING (experiment, variant) ORDER BY ALL
    """
).fetchall()
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, sum(row[4] or 0 for row in rows))
