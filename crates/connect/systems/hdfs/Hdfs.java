import java.io.File;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;

/** HDFS in one process: a NameNode and a DataNode. */
public final class Hdfs {
  public static void main(String[] arguments) throws Exception {
    // Formatting and starting register the same metrics.
    DefaultMetricsSystem.setMiniClusterMode(true);
    Configuration settings = new HdfsConfiguration();
    File names = new File(new URI(settings.get("dfs.namenode.name.dir")));
    if (!new File(names, "current").exists()) {
      NameNode.format(settings);
    }
    NameNode namenode = NameNode.createNameNode(new String[0], settings);
    DataNode datanode = DataNode.createDataNode(new String[0], settings);
    System.out.println("HDFS is up");
    namenode.join();
  }
}
