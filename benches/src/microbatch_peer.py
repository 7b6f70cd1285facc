"""The peer of `workbook bench microbatch`: Spark Structured Streaming.

    python microbatch_peer.py FOLDER

Counts the words of all lines in a folder, as one micro-batch or as many as it likes
(availableNow), into a table that can be asked. Prints JSON lines.
"""

import json
import sys
import time

from pyspark.sql import SparkSession, functions as F

TABLE = {}


def session():
    spark = (
        SparkSession.builder.master("local[*]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "4g")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    # The first job of a session compiles what later ones reuse.
    spark.range(1000).selectExpr("id % 3 AS k").groupBy("k").count().collect()
    return spark


def update(frame, _batch):
    for row in frame.collect():
        TABLE[row.word] = row["count"]


def main(folder):
    spark = session()
    started = time.perf_counter()
    query = (
        spark.readStream.text(folder)
        .select(F.explode(F.split("value", " ")).alias("word"))
        .groupBy("word")
        .count()
        .writeStream.outputMode("update")
        .trigger(availableNow=True)
        .foreachBatch(update)
        .start()
    )
    query.awaitTermination()
    print(json.dumps({"seconds": time.perf_counter() - started}), flush=True)
    print(json.dumps({"table": TABLE}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
