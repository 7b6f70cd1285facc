"""The peer of `workbook bench microbatch --log`: Spark Structured Streaming on an executor of its own.

    python killed_worker_peer.py JARS BOOTSTRAP TOPIC FILE

Counts the words of a topic of Kafka, in micro-batches as fast as they come. Appends
`NUMBER =COUNT MICROSECONDS` to FILE for each word that is a number and whose count has changed.
"""

import os
import sys
import time

from pyspark.sql import functions as F


def report(file):
    def of_batch(frame, _batch):
        rows = frame.where(F.col("word").rlike("^[0-9]")).collect()
        at = int(time.time() * 1e6)
        lines = "".join(f"{row.word} ={row['count']} {at}\n" for row in rows)
        os.write(file, lines.encode())

    return of_batch


def main(jars, bootstrap, topic, path):
    # One worker with one executor, a process that can be killed.
    spark = session(jars, master="local-cluster[1,2,1024]")
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    records = records_of(spark, bootstrap, topic)
    words = records.select(F.explode(F.split(F.col("value").cast("string"), " ")).alias("word"))
    counts = words.groupBy("word").count()
    query = counts.writeStream.outputMode("update").foreachBatch(report(file)).start()
    query.awaitTermination()


if __name__ == "__main__":
    main(*sys.argv[1:])
