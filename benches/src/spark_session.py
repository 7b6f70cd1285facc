# The Spark session of the peers that need one; their scripts follow this text.
from pyspark.sql import SparkSession


def session(jars="", master="local[*]"):
    spark = (
        SparkSession.builder.master(master)
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "4g")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.jars", jars)
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    # The first job of a session compiles what later ones reuse.
    spark.range(1000).selectExpr("id % 3 AS k").groupBy("k").count().collect()
    return spark


def records_of(spark, bootstrap, topic):
    """The records of a topic of Kafka, from the first on."""
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", bootstrap)
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .load()
    )


