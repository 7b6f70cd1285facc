import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.graphx.GraphLoader;
import org.apache.spark.graphx.lib.ConnectedComponents;
import org.apache.spark.storage.StorageLevel;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Connected components by GraphX: `Components EDGES OUT`. EDGES is a text file with an edge a line,
 * two numbers; OUT becomes a folder of text files with `(vertex,smallest vertex of its component)`
 * lines.
 */
public final class Components {
  private static final int PARTITIONS = 4;

  public static void main(String[] arguments) {
    try (JavaSparkContext context = new JavaSparkContext(new SparkConf())) {
      StorageLevel level = StorageLevel.MEMORY_AND_DISK();
      var graph =
          GraphLoader.edgeListFile(context.sc(), arguments[0], false, PARTITIONS, level, level);
      // Vertices and edges have no values that matter.
      ClassTag<Object> none = ClassTag$.MODULE$.apply(Integer.TYPE);
      ConnectedComponents.run(graph, none, none).vertices().saveAsTextFile(arguments[1]);
    }
  }
}
