"""One peer of `workbook bench batch`: the same job as `workbook batch`.

    python batch_peers.py PEER INPUT OUT

Reads datums, normalises URLs, drops whole duplicates, counts page views by
hour, day, week and month, sorts and writes Parquet. Prints the seconds that it
took, imports and the start of a Spark session left out.
"""

import os
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


def chdb_job(path, out):
    """ClickHouse in this process."""
    import chdb

    chdb.query("SELECT 1")
    started = time.perf_counter()
    if path.endswith(".jsonl"):
        columns = (
            "pedigree Tuple(true_as_of_secs Int64), dataunit Tuple(page_view Tuple(person "
            "Tuple(cookie Nullable(String), user_id Nullable(Int64)), page Tuple(url String), nonce Int64))"
        )
        source = f"""
            SELECT pedigree.true_as_of_secs AS t, dataunit.page_view.page.url AS raw,
                   dataunit.page_view.person.cookie AS cookie,
                   dataunit.page_view.person.user_id AS user_id, dataunit.page_view.nonce AS nonce
            FROM file('{path}', 'JSONEachRow', '{columns}') WHERE raw != ''"""
    else:
        source = f"""
            SELECT true_as_of_secs AS t, url AS raw, cookie, user_id, nonce
            FROM file('{path}', 'Parquet') WHERE kind = 'page_view'"""
    union = " UNION ALL ".join(
        f"SELECT url, '{code}' AS granularity, h - h % {secs} AS ts, toInt64(sum(n)) AS count "
        f"FROM hours GROUP BY url, ts"
        for code, secs in BUCKETS
    )
    host, path_of = HOST.replace("\\", "\\\\"), PATH.replace("\\", "\\\\")
    # A common table expression is computed once for each use, so the hours are a table.
    from chdb.session import Session

    db = Session()
    db.query(f"""CREATE TABLE hours ENGINE = Memory AS
        SELECT url, t - t % 3600 AS h, count() AS n FROM (
            SELECT DISTINCT t, cookie, user_id, nonce,
                concat(lower(extract(raw, '{host}')), extract(raw, '{path_of}')) AS url
            FROM ({source})) GROUP BY url, h""")
    db.query(f"""INSERT INTO FUNCTION file('{out}', 'Parquet')
        SELECT * FROM ({union}) ORDER BY url, granularity, ts""")
    return time.perf_counter() - started


def datafusion_job(path, out):
    from datafusion import SessionContext

    db = SessionContext()
    started = time.perf_counter()
    if path.endswith(".jsonl"):
        db.register_json("datums", path, file_extension=".jsonl")
        view = "dataunit['page_view']"
        source = f"""
            SELECT pedigree['true_as_of_secs'] AS t, {view}['page']['url'] AS url,
                   {view}['person']['cookie'] AS cookie, {view}['person']['user_id'] AS user_id,
                   {view}['nonce'] AS nonce
            FROM datums WHERE dataunit['page_view'] IS NOT NULL"""
    else:
        db.register_parquet("datums", path)
        source = """
            SELECT true_as_of_secs AS t, url, cookie, user_id, nonce
            FROM datums WHERE kind = 'page_view'"""
    hours = db.sql(f"""
        SELECT url, t - t % 3600 AS ts, count(*) AS n FROM (
            SELECT DISTINCT t, cookie, user_id, nonce,
                lower(regexp_match(url, '{HOST}')[1]) || regexp_match(url, '{PATH}')[1] AS url
            FROM ({source})) GROUP BY url, ts""").cache()
    db.register_view("hours", hours)
    union = " UNION ALL ".join(
        f"SELECT url, '{code}' AS granularity, day AS ts, CAST(sum(n) AS BIGINT) AS count "
        f"FROM (SELECT url, ts - ts % {secs} AS day, n FROM hours) GROUP BY url, day"
        for code, secs in BUCKETS
    )
    db.sql(f"SELECT * FROM ({union}) ORDER BY url, granularity, ts").write_parquet(out)
    return time.perf_counter() - started


def pyspark_job(path, out):
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[*]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "4g")
        .config("spark.sql.shuffle.partitions", "8")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    return spark_job(spark, path, out)


def sail_job(path, out):
    """Sail in this process, by the same program as Spark."""
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer()
    server.start()
    _, port = server.listening_address
    spark = SparkSession.builder.remote(f"sc://localhost:{port}").getOrCreate()
    spark.sql("SELECT 1").collect()
    return spark_job(spark, path, out)


def spark_job(spark, path, out):
    from pyspark.sql import functions as F

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
    jobs = {
        "chdb": chdb_job,
        "datafusion": datafusion_job,
        "duckdb": duckdb_job,
        "polars": polars_job,
        "pysail": sail_job,
        "pyspark": pyspark_job,
    }
    print(f"seconds {jobs[peer](path, out):.4f}", flush=True)
    # Without waiting for threads of a server in this process, some of which never end.
    os._exit(0)
