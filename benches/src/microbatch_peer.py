"""The peer of `workbook bench microbatch`: Spark Structured Streaming.

    python microbatch_peer.py FOLDER

Counts the words of all lines in a folder, as one micro-batch or as many as it likes
(availableNow), into a table that can be asked. Prints JSON lines.
"""

import json
import sys
import time

from pyspark.sql import functions as F

TABLE = {}


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
