import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.connect.service.SparkConnectServer;

/**
 * A standalone cluster, each part a process of its own: `Cluster WORKERS` starts a master and workers
 * with one core each, and becomes the Connect server that runs its queries on them. They are of one
 * process group, so they end together.
 */
public final class Cluster {
  private static final String HOST = "127.0.0.1";

  public static void main(String[] arguments) throws Exception {
    int port = freePort();
    start("org.apache.spark.deploy.master.Master", "--host", HOST, "--port", "" + port,
        "--webui-port", "0");
    waitFor(port);
    String master = "spark://" + HOST + ":" + port;
    for (int worker = 0; worker < Integer.parseInt(arguments[0]); worker++) {
      start("org.apache.spark.deploy.worker.Worker", "--host", HOST, "--cores", "1", "--memory",
          "1g", "--webui-port", "0", "--work-dir", "work", master);
    }
    System.setProperty("spark.master", master);
    SparkConnectServer.main(new String[0]);
  }

  /** Starts a class as a process with the options of this one. */
  private static void start(String main, String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of(
        ProcessHandle.current().info().command().orElse("java"), "@java.options", "-Xmx256m",
        "-cp", System.getProperty("java.class.path"), main));
    command.addAll(List.of(words));
    new ProcessBuilder(command).inheritIO().start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(HOST, 0));
      return socket.getLocalPort();
    }
  }

  /** Waits until a port is open: for as long as its process may take. */
  private static void waitFor(int port) throws InterruptedException {
    for (;;) {
      try (Socket socket = new Socket(HOST, port)) {
        return;
      } catch (IOException closed) {
        Thread.sleep(100);
      }
    }
  }
}
