import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.HashPartitioner;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.LongAccumulator;
import scala.Tuple2;

/**
 * What accumulators count: `Accumulators RECORDS OUT`. OUT becomes a text file with a name and a
 * number a line.
 *
 * <p>An update inside an action counts once for each record. An update inside a transformation counts
 * as often as Spark computes the record, which is more often if what it computed is lost or not kept.
 */
public final class Accumulators {
  private static final int PARTITIONS = 4;

  public static void main(String[] arguments) throws IOException {
    int records = Integer.parseInt(arguments[0]);
    SparkConf conf = new SparkConf();
    // Both executors compute from the beginning, so that each has something to lose.
    conf.set("spark.scheduler.minRegisteredResourcesRatio", "1.0");
    try (JavaSparkContext context = new JavaSparkContext(conf)) {
      List<Integer> numbers = IntStream.range(0, records).boxed().toList();
      JavaRDD<Integer> input = context.parallelize(numbers, PARTITIONS);
      long[] killed = whileAnExecutorIsKilled(context, input);
      long computedTwice = byTwoActions(context, input, false);
      long cached = byTwoActions(context, input, true);
      String text =
          "action " + killed[0] + "\n"
              + "transformation " + killed[1] + "\n"
              + "two actions " + computedTwice + "\n"
              + "two actions, cached " + cached + "\n";
      Files.writeString(Path.of(arguments[1]), text);
    }
  }

  /**
   * Counts the records in a transformation before a shuffle, and in the action after it. The first
   * task of the action ends its executor in the middle, and with it what this executor has computed
   * for the shuffle: that is computed again. Returns what both have counted, the action first.
   */
  private static long[] whileAnExecutorIsKilled(JavaSparkContext context, JavaRDD<Integer> input) {
    LongAccumulator inAction = context.sc().longAccumulator("in the action");
    LongAccumulator inTransformation = context.sc().longAccumulator("in the transformation");
    input
        .mapToPair(
            number -> {
              inTransformation.add(1);
              return new Tuple2<>(number, number);
            })
        .partitionBy(new HashPartitioner(PARTITIONS))
        .foreachPartition(
            pairs -> {
              TaskContext task = TaskContext.get();
              boolean first =
                  task.partitionId() == 0
                      && task.attemptNumber() == 0
                      && task.stageAttemptNumber() == 0;
              while (pairs.hasNext()) {
                pairs.next();
                inAction.add(1);
                if (first) {
                  // As `kill -9` does. What the task has counted so far is never seen.
                  Runtime.getRuntime().halt(137);
                }
              }
            });
    return new long[] {inAction.value(), inTransformation.value()};
  }

  /** Counts the records in a transformation whose result two actions need, kept or not. */
  private static long byTwoActions(
      JavaSparkContext context, JavaRDD<Integer> input, boolean isCached) {
    LongAccumulator inTransformation = context.sc().longAccumulator("for two actions");
    JavaRDD<Integer> counted =
        input.map(
            number -> {
              inTransformation.add(1);
              return number;
            });
    if (isCached) {
      counted.cache();
    }
    counted.count();
    counted.count();
    return inTransformation.value();
  }
}
