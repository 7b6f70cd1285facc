import java.io.File;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hbase.HBaseConfiguration;
import org.apache.hadoop.hbase.LocalHBaseCluster;
import org.apache.hadoop.hbase.thrift2.ThriftServer;
import org.apache.hadoop.hbase.zookeeper.MiniZooKeeperCluster;

/** HBase in one process: ZooKeeper, a master, a region server and the Thrift2 gateway. */
public final class Main {
  public static void main(String[] arguments) throws Exception {
    Configuration settings = HBaseConfiguration.create();

    // ZooKeeper, at the port of the settings or not at all: the other parts look for it there.
    MiniZooKeeperCluster zookeeper = new MiniZooKeeperCluster(settings);
    int wanted = settings.getInt("hbase.zookeeper.property.clientPort", 2181);
    zookeeper.setDefaultClientPort(wanted);
    int port = zookeeper.startup(new File(settings.get("hbase.zookeeper.property.dataDir")));
    if (port != wanted) {
      throw new IllegalStateException("port " + wanted + " of ZooKeeper is taken");
    }

    // The master and one region server.
    LocalHBaseCluster cluster = new LocalHBaseCluster(settings, 1, 1);
    cluster.startup();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      // Regions are flushed and closed, so that the next start has no log to replay.
      cluster.shutdown();
      cluster.join();
    }));
    while (cluster.getActiveMaster() == null || !cluster.getActiveMaster().isInitialized()) {
      Thread.sleep(50);
    }

    // The gateway, once there is something behind it.
    Thread gateway = new Thread(() -> {
      try {
        int thrift = settings.getInt("hbase.regionserver.thrift.port", 9090);
        new ThriftServer(settings).run(new String[] {"-b", "127.0.0.1", "-p", "" + thrift, "start"});
      } catch (Exception error) {
        error.printStackTrace();
        System.exit(1);
      }
    });
    gateway.setDaemon(true);
    gateway.start();
    cluster.waitOnMaster(0);
    System.exit(0);
  }
}
