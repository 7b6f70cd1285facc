"""The peer of `workbook bench speed`: Spark Structured Streaming.

    python speed_peer.py throughput FOLDER
    python speed_peer.py latency FOLDER ROWS
    python speed_peer.py topic BOOTSTRAP TOPIC ROWS JARS

The job: read datums, normalise URLs, drop whole duplicates, count page views and
distinct persons by URL and hour, each micro-batch into a table that can be asked.
`throughput` takes all of a folder at once, which suits Spark best; `latency` follows
files that are added to a folder, and `topic` a topic of Kafka. Prints JSON lines.
"""

import json
import sys
import time

from pyspark.sql import functions as F

SCHEMA = (
    "pedigree struct<true_as_of_secs: bigint>, dataunit struct<page_view: struct<"
    "person: struct<cookie: string, user_id: bigint>, page: struct<url: string>, nonce: bigint>>"
)
# Enough for these data, where every URL is sound.
HOST = r"^[A-Za-z]+://(?:[^/?#@]*@)?([^/:?#]+)"
PATH = r"^[A-Za-z]+://[^/?#]+([^?#]*)"

TABLE = {}
SEEN = [0]


def of_folder(spark, folder):
    return spark.readStream.schema(SCHEMA).json(folder)


def of_topic(spark, bootstrap, topic):
    records = records_of(spark, bootstrap, topic)
    datum = F.from_json(F.col("value").cast("string"), SCHEMA)
    return records.select(datum.alias("datum")).select("datum.*")


def stream(datums):
    views = (
        datums.where("dataunit.page_view IS NOT NULL")
        .selectExpr(
            "timestamp_seconds(pedigree.true_as_of_secs) AS time",
            "pedigree.true_as_of_secs AS t",
            "dataunit.page_view.page.url AS url",
            "dataunit.page_view.person.cookie AS cookie",
            "dataunit.page_view.person.user_id AS user_id",
            "dataunit.page_view.nonce AS nonce",
        )
    )
    url = F.concat(F.lower(F.regexp_extract("url", HOST, 1)), F.regexp_extract("url", PATH, 1))
    return (
        views.withColumn("url", url)
        .withWatermark("time", "1 hour")
        .dropDuplicates(["time", "t", "url", "cookie", "user_id", "nonce"])
        .groupBy("url", F.expr("t - t % 3600").alias("ts"))
        .agg(
            F.count("*").alias("count"),
            F.approx_count_distinct(
                F.coalesce("cookie", F.col("user_id").cast("string")), 0.01
            ).alias("uniques"),
        )
    )


def update(frame, _batch):
    for row in frame.collect():
        TABLE[(row.url, row.ts)] = (row["count"], row.uniques)


def table():
    rows = [[url, ts, count, uniques] for (url, ts), (count, uniques) in sorted(TABLE.items())]
    print(json.dumps({"table": rows}), flush=True)


def throughput(path):
    spark = session()
    started = time.perf_counter()
    query = (
        stream(of_folder(spark, path))
        .writeStream.outputMode("update")
        .trigger(availableNow=True)
        .foreachBatch(update)
        .start()
    )
    query.awaitTermination()
    print(json.dumps({"seconds": time.perf_counter() - started}), flush=True)
    table()


def follow(spark, datums, rows):
    def seen(frame, batch):
        update(frame, batch)
        total = sum(count for count, _ in TABLE.values())
        # Wall clock, because the producer is another process.
        print(json.dumps({"at": time.time(), "seen": total}), flush=True)
        SEEN[0] = total

    print(json.dumps({"ready": True}), flush=True)
    query = stream(datums).writeStream.outputMode("update").foreachBatch(seen).start()
    while SEEN[0] < rows and query.isActive:
        time.sleep(0.01)
    query.stop()
    table()


if __name__ == "__main__":
    if sys.argv[1] == "throughput":
        throughput(sys.argv[2])
    elif sys.argv[1] == "latency":
        spark = session()
        follow(spark, of_folder(spark, sys.argv[2]), int(sys.argv[3]))
    else:
        bootstrap, topic, rows, jars = sys.argv[2:]
        spark = session(jars)
        follow(spark, of_topic(spark, bootstrap, topic), int(rows))
