import java.io.PrintStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hbase.HBaseConfiguration;
import org.apache.hadoop.hbase.RegionMetrics;
import org.apache.hadoop.hbase.ServerName;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.Admin;
import org.apache.hadoop.hbase.client.CompactionState;
import org.apache.hadoop.hbase.client.Connection;
import org.apache.hadoop.hbase.client.ConnectionFactory;
import org.apache.hadoop.hbase.util.Bytes;

/**
 * A major compaction of one table, which the Thrift gateway does not offer: `Compact TABLE`. It says
 * on standard output `began` when HBase has accepted it and `finished` when it is done, or
 * `error` and the reason.
 */
public final class Compact {
  private static final long PAUSE = 50;

  public static void main(String[] arguments) {
    // Standard output is for the answers, so the log goes elsewhere.
    PrintStream answers = System.out;
    System.setOut(System.err);
    try {
      compact(TableName.valueOf(arguments[0]), answers);
      System.exit(0);
    } catch (Exception error) {
      answers.println("error " + String.valueOf(error.getMessage()).lines().findFirst().orElse(error.toString()));
      answers.flush();
      error.printStackTrace();
      System.exit(1);
    }
  }

  private static void compact(TableName table, PrintStream answers) throws Exception {
    Configuration settings = HBaseConfiguration.create();
    try (Connection connection = ConnectionFactory.createConnection(settings);
        Admin admin = connection.getAdmin()) {
      if (!admin.tableExists(table)) {
        String names = Arrays.stream(admin.listTableNames()).map(TableName::getNameAsString).collect(Collectors.joining(", "));
        throw new IllegalArgumentException("there is no such table; there are: " + names);
      }
      if (!admin.isTableEnabled(table)) {
        throw new IllegalArgumentException("the table is disabled; enable it first (`enable` in HBase's shell), or remove it");
      }

      // Cells that are only in memory are in no file that could be compacted.
      admin.flush(table);
      awaitNone(admin, table);
      Map<String, Long> before = lastCompactions(admin, table);
      admin.majorCompact(table);
      answers.println("began");
      answers.flush();

      // Every region with files has had its compaction once the time of the last one is another.
      awaitNone(admin, table);
      while (lastCompactions(admin, table).entrySet().stream()
          .anyMatch(region -> region.getValue().equals(before.get(region.getKey())))) {
        Thread.sleep(PAUSE);
      }
      answers.println("finished");
      answers.flush();
    }
  }

  private static void awaitNone(Admin admin, TableName table) throws Exception {
    while (admin.getCompactionState(table) != CompactionState.NONE) {
      Thread.sleep(PAUSE);
    }
  }

  /** The time of the last major compaction of each region that has files. */
  private static Map<String, Long> lastCompactions(Admin admin, TableName table) throws Exception {
    Map<String, Long> times = new HashMap<>();
    for (ServerName server : admin.getRegionServers()) {
      for (RegionMetrics region : admin.getRegionMetrics(server, table)) {
        if (region.getStoreFileCount() > 0) {
          times.put(Bytes.toStringBinary(region.getRegionName()), region.getLastMajorCompactionTimestamp());
        }
      }
    }
    return times;
  }
}
