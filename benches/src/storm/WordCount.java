import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.storm.Config;
import org.apache.storm.StormSubmitter;
import org.apache.storm.daemon.nimbus.Nimbus;
import org.apache.storm.daemon.supervisor.Supervisor;
import org.apache.storm.kafka.spout.KafkaSpout;
import org.apache.storm.kafka.spout.KafkaSpoutConfig;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.testing.InProcessZookeeper;
import org.apache.storm.topology.BasicOutputCollector;
import org.apache.storm.topology.OutputFieldsDeclarer;
import org.apache.storm.topology.TopologyBuilder;
import org.apache.storm.topology.base.BaseBasicBolt;
import org.apache.storm.tuple.Fields;
import org.apache.storm.tuple.Tuple;
import org.apache.storm.tuple.Values;

/**
 * The peer of `workbook bench microbatch --log`: Apache Storm, a word count one tuple at a time.
 *
 * <pre>java -Dstorm.home=HOME -cp 'HOME/conf:HOME/classes:HOME/lib/*' WordCount BOOTSTRAP TOPIC FILE</pre>
 *
 * A spout reads lines of a topic of Kafka, a bolt splits them, and a bolt counts words. Delivery is
 * Storm's default, at least once: the spout commits an offset when all tuples of the lines up to it
 * are acknowledged, and reads again what was not. The worker is a process of its own, which the
 * supervisor starts again when it ends; ZooKeeper, Nimbus and the supervisor are in this one.
 *
 * The first word of a line is its number. When it is counted, the line `NUMBER +1 MICROSECONDS` is
 * appended to FILE: an increment of a store outside of Storm.
 */
public class WordCount {
    /** Splits lines into words. */
    public static class Split extends BaseBasicBolt {
        @Override
        public void execute(Tuple line, BasicOutputCollector collector) {
            for (String word : line.getStringByField("value").split(" ")) {
                collector.emit(new Values(word));
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {
            declarer.declare(new Fields("word"));
        }
    }

    /** Counts words in memory, and appends those that are numbers to the file. */
    public static class Count extends BaseBasicBolt {
        private final String file;
        private transient Map<String, Long> counts;
        private transient OutputStream out;

        public Count(String file) {
            this.file = file;
        }

        @Override
        public void prepare(Map<String, Object> config, TopologyContext context) {
            counts = new HashMap<>();
            try {
                Path path = Path.of(file);
                out = Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        @Override
        public void execute(Tuple tuple, BasicOutputCollector collector) {
            String word = tuple.getStringByField("word");
            counts.merge(word, 1L, Long::sum);
            if (!Character.isDigit(word.charAt(0))) {
                return;
            }
            long micros = System.currentTimeMillis() * 1_000;
            try {
                // One write: lines of two workers do not mix.
                out.write((word + " +1 " + micros + "\n").getBytes(StandardCharsets.UTF_8));
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        @Override
        public void declareOutputFields(OutputFieldsDeclarer declarer) {}
    }

    public static void main(String[] args) throws Exception {
        Path home = Path.of(System.getProperty("storm.home"));
        InProcessZookeeper zookeeper = new InProcessZookeeper();
        configure(home, zookeeper.getPort());

        // The daemons, as `storm nimbus` and `storm supervisor` start them.
        Thread nimbus = new Thread(() -> start(() -> Nimbus.main(new String[0])), "nimbus");
        nimbus.setDaemon(true);
        nimbus.start();
        Supervisor.main(new String[0]);

        System.setProperty("storm.jar", jarOf(home).toString());
        Config settings = new Config();
        settings.setNumWorkers(1);
        // What the spout may send ahead of its acknowledgements.
        settings.setMaxSpoutPending(2_000);
        var topology = topology(args[0], args[1], args[2]).createTopology();
        while (true) {
            try {
                StormSubmitter.submitTopology("word-count", settings, topology);
                return;
            } catch (RuntimeException error) {
                // Nimbus is not the leader yet.
                Thread.sleep(200);
            }
        }
    }

    /** What a daemon does, which may fail. */
    private interface Daemon {
        void run() throws Exception;
    }

    private static void start(Daemon daemon) {
        try {
            daemon.run();
        } catch (Exception error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    private static TopologyBuilder topology(String bootstrap, String topic, String file) {
        KafkaSpoutConfig<String, String> source =
                KafkaSpoutConfig.builder(bootstrap, topic)
                        .setProp(ConsumerConfig.GROUP_ID_CONFIG, "storm-" + topic)
                        .setProp(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest")
                        .setProcessingGuarantee(KafkaSpoutConfig.ProcessingGuarantee.AT_LEAST_ONCE)
                        .setOffsetCommitPeriodMs(1_000)
                        .build();
        TopologyBuilder builder = new TopologyBuilder();
        builder.setSpout("lines", new KafkaSpout<>(source));
        builder.setBolt("split", new Split()).shuffleGrouping("lines");
        builder.setBolt("count", new Count(file), 2).fieldsGrouping("split", new Fields("word"));
        return builder;
    }

    /** Writes the settings that daemons and workers read. */
    private static void configure(Path home, long zookeeper) throws IOException {
        List<String> lines =
                List.of(
                        "storm.zookeeper.servers: [\"127.0.0.1\"]",
                        "storm.zookeeper.port: " + zookeeper,
                        "storm.local.hostname: \"127.0.0.1\"",
                        "nimbus.seeds: [\"127.0.0.1\"]",
                        "nimbus.thrift.port: " + freePort(),
                        "supervisor.thrift.port: " + freePort(),
                        "supervisor.slots.ports: [" + freePort() + "]",
                        "storm.local.dir: \"" + home.resolve("local") + "\"",
                        "storm.log4j2.conf.dir: \"" + home.resolve("conf") + "\"",
                        "worker.childopts: \"-Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC\"",
                        "topology.worker.logwriter.childopts: \"-Xmx32m\"",
                        // As often as the settings allow: how soon a lost worker is replaced.
                        "supervisor.monitor.frequency.secs: 1",
                        "nimbus.monitor.freq.secs: 1",
                        "storm.health.check.dir: \"none\"");
        Files.createDirectories(home.resolve("conf"));
        Files.write(home.resolve("conf/storm.yaml"), lines);
        Files.writeString(home.resolve("conf/worker.xml"), LOGGING);
    }

    private static final String LOGGING =
            "<configuration><appenders><Console name=\"out\"/></appenders>"
                    + "<loggers><root level=\"warn\"><appender-ref ref=\"out\"/></root></loggers></configuration>";

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** Packs the classes of this program, which Nimbus hands to the workers. */
    private static Path jarOf(Path home) throws IOException {
        Path jar = home.resolve("word-count.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.list(home.resolve("classes"))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
                out.putNextEntry(new JarEntry(file.getFileName().toString()));
                Files.copy(file, out);
            }
        }
        return jar;
    }
}
