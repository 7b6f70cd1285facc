"""One peer of `workbook bench batch`: the same job as `workbook batch`.

    python batch_peers.py PEER INPUT OUT

Reads datums, normalises URLs, drops whole duplicates, counts page views by
hour, day, week and month, sorts and writes Parquet. Prints the seconds that it
took, imports and the start of a Spark session left out.
"""

import sys
import time

BUCKETS = [("h", 3600), ("d", 86400), ("w", 604800), ("m", 2419200)]
# Enough for these data, where every URL is sound.
HOST = r"^[A-Za-z]+://(?:[^/?#@]*@)?([^/:?#]+)"
PATH = r"^[A-Za-z]+://[^/?#]+([^?#]*)"


def duckdb_job(path, out):
    import duckdb

    db = duckdb.connect()
    started = time.perf_counter()
    if path.endswith(".jsonl"):
        columns = (
            "{pedigree: 'STRUCT(true_as_of_secs BIGINT)', dataunit: 'STRUCT(page_view STRUCT("
            "person STRUCT(cookie VARCHAR, user_id BIGINT), page STRUCT(url VARCHAR), nonce BIGINT))'}"
        )
        source = f"""
            SELECT pedigree.true_as_of_secs AS t, v.page.url AS url, v.person.cookie AS cookie,
                   v.person.user_id AS user_id, v.nonce AS nonce
            FROM (SELECT pedigree, dataunit.page_view AS v
                  FROM read_json('{path}', format = 'newline_delimited', columns = {columns}))
            WHERE v IS NOT NULL"""
    else:
        source = f"""
            SELECT true_as_of_secs AS t, url, cookie, user_id, nonce
            FROM '{path}' WHERE kind = 'page_view'"""
    union = " UNION ALL ".join(
        f"SELECT url, '{code}' AS granularity, ts - ts % {secs} AS ts, sum(n)::BIGINT AS count "
        f"FROM hours GROUP BY ALL"
        for code, secs in BUCKETS
    )
    db.execute(f"""COPY (
        WITH views AS (
            SELECT DISTINCT t, cookie, user_id, nonce,
                lower(regexp_extract(url, '{HOST}', 1)) || regexp_extract(url, '{PATH}', 1) AS url
            FROM ({source})),
        hours AS MATERIALIZED (
            SELECT url, t - t % 3600 AS ts, count(*) AS n FROM views GROUP BY ALL)
        SELECT * FROM ({union}) ORDER BY url, granularity, ts
    ) TO '{out}' (FORMAT parquet)""")
    return time.perf_counter() - started


def polars_job(path, out):
    import polars as pl

    started = time.perf_counter()
    if path.endswith(".jsonl"):
        view = pl.col("dataunit").struct.field("page_view")
        views = (
            pl.scan_ndjson(path)
            .select(pl.col("pedigree").struct.field("true_as_of_secs").alias("t"), view.alias("v"))
            .filter(pl.col("v").is_not_null())
            .select(
                "t",
                pl.col("v").struct.field("page").struct.field("url"),
                pl.col("v").struct.field("person").struct.field("cookie"),
                pl.col("v").struct.field("person").struct.field("user_id"),
                pl.col("v").struct.field("nonce"),
            )
        )
    else:
        views = (
            pl.scan_parquet(path)
            .filter(pl.col("kind") == "page_view")
            .select(pl.col("true_as_of_secs").alias("t"), "url", "cookie", "user_id", "nonce")
        )
    url = pl.col("url").str.extract(HOST, 1).str.to_lowercase() + pl.col("url").str.extract(PATH, 1)
    hours = (
        views.with_columns(url.alias("url"))
        .unique()
        .group_by("url", (pl.col("t") // 3600 * 3600).alias("ts"))
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .collect(engine="streaming")
    )
    pl.concat(
        hours.group_by(
            "url", pl.lit(code).alias("granularity"), (pl.col("ts") // secs * secs).alias("ts")
        ).agg(pl.col("count").sum())
        for code, secs in BUCKETS
    ).sort("url", "granularity", "ts").write_parquet(out)
    return time.perf_counter() - started


def pyspark_job(path, out):
    from pyspark.sql import SparkSession, functions as F

    spark = (
        SparkSession.builder.master("local[*]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "4g")
        .config("spark.sql.shuffle.partitions", "8")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    started = time.perf_counter()
    if path.endswith(".jsonl"):
        schema = (
            "pedigree struct<true_as_of_secs: bigint>, dataunit struct<page_view: struct<"
            "person: struct<cookie: string, user_id: bigint>, page: struct<url: string>, nonce: bigint>>"
        )
        views = (
            spark.read.schema(schema)
            .json(path)
            .where("dataunit.page_view IS NOT NULL")
            .selectExpr(
                "pedigree.true_as_of_secs AS t",
                "dataunit.page_view.page.url AS url",
                "dataunit.page_view.person.cookie AS cookie",
                "dataunit.page_view.person.user_id AS user_id",
                "dataunit.page_view.nonce AS nonce",
            )
        )
    else:
        views = (
            spark.read.parquet(path)
            .where("kind = 'page_view'")
            .selectExpr("true_as_of_secs AS t", "url", "cookie", "user_id", "nonce")
        )
    url = F.concat(
        F.lower(F.regexp_extract("url", HOST, 1)), F.regexp_extract("url", PATH, 1)
    )
    hours = (
        views.withColumn("url", url)
        .distinct()
        .groupBy("url", F.expr("t - t % 3600").alias("ts"))
        .count()
        .cache()
    )
    union = None
    for code, secs in BUCKETS:
        view = hours.groupBy(
            "url", F.lit(code).alias("granularity"), F.expr(f"ts - ts % {secs}").alias("ts")
        ).agg(F.sum("count").alias("count"))
        union = view if union is None else union.unionAll(view)
    union.coalesce(1).sort("url", "granularity", "ts").write.parquet(out)
    return time.perf_counter() - started


if __name__ == "__main__":
    peer, path, out = sys.argv[1:]
    jobs = {"duckdb": duckdb_job, "polars": polars_job, "pyspark": pyspark_job}
    print(f"seconds {jobs[peer](path, out):.4f}")
