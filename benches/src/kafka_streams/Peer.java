import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/**
 * The peer of `workbook bench speed --log`: Kafka Streams.
 *
 * <pre>java -cp 'lib/*' Peer.java BOOTSTRAP TOPIC ROWS</pre>
 *
 * The job: read datums, normalise URLs, drop duplicates within an hour, count page views by URL and
 * hour, exactly once. Duplicates have one key, so they are found before the repartition. Prints JSON
 * lines: {"ready": true}, then {"at": clock, "seen": page views counted so far} whenever results are
 * committed, and the table when ROWS are counted.
 */
public class Peer {
    static final ObjectMapper JSON = new ObjectMapper();
    static final Pattern URL = Pattern.compile("^[A-Za-z]+://(?:[^/?#@]*@)?([^/:?#]+)[^/?#]*([^?#]*)");
    static final Duration WINDOW = Duration.ofHours(1);
    static final Map<String, Long> TABLE = new TreeMap<>();

    /** Passes a datum on as "URL hour" unless the same one was seen in the last hour. */
    static class Distinct implements FixedKeyProcessor<byte[], byte[], String> {
        private FixedKeyProcessorContext<byte[], String> context;
        private WindowStore<String, byte[]> seen;

        @Override
        public void init(FixedKeyProcessorContext<byte[], String> context) {
            this.context = context;
            this.seen = context.getStateStore("seen");
        }

        @Override
        public void process(FixedKeyRecord<byte[], byte[]> record) {
            JsonNode datum;
            try {
                datum = JSON.readTree(record.value());
            } catch (java.io.IOException error) {
                return;
            }
            JsonNode view = datum.path("dataunit").path("page_view");
            Matcher url = URL.matcher(view.path("page").path("url").asText());
            if (view.isMissingNode() || !url.find()) {
                return;
            }
            long time = datum.path("pedigree").path("true_as_of_secs").asLong();
            String page = url.group(1).toLowerCase() + url.group(2);
            String identity = time + " " + page + " " + view.path("person") + " " + view.path("nonce");
            long now = record.timestamp();
            try (var earlier = seen.fetch(identity, now - WINDOW.toMillis(), now + WINDOW.toMillis())) {
                if (earlier.hasNext()) {
                    return;
                }
            }
            seen.put(identity, new byte[0], now);
            context.forward(record.withValue(page + " " + (time - Math.floorMod(time, 3600))));
        }
    }

    static synchronized void counted(String cell, long count) {
        TABLE.put(cell, count);
    }

    static synchronized long total() {
        return TABLE.values().stream().mapToLong(Long::longValue).sum();
    }

    public static void main(String[] arguments) throws Exception {
        var bytes = Serdes.ByteArray();
        var text = Serdes.String();
        long rows = Long.parseLong(arguments[2]);
        var builder = new StreamsBuilder();
        builder.addStateStore(
                Stores.windowStoreBuilder(
                        Stores.persistentWindowStore("seen", WINDOW.multipliedBy(2), WINDOW, false), text, bytes));
        builder.stream(arguments[1], Consumed.with(bytes, bytes))
                .processValues(Distinct::new, "seen")
                .groupBy((key, cell) -> cell, Grouped.with(text, text))
                .count()
                .toStream()
                .foreach(Peer::counted);

        var options = new Properties();
        String name = "peer-" + UUID.randomUUID();
        options.put(StreamsConfig.APPLICATION_ID_CONFIG, name);
        options.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        options.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        options.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, Runtime.getRuntime().availableProcessors());
        options.put(StreamsConfig.STATE_DIR_CONFIG, System.getProperty("java.io.tmpdir") + "/" + name);
        options.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        try (var streams = new KafkaStreams(builder.build(), options)) {
            streams.start();
            while (streams.state() != KafkaStreams.State.RUNNING) {
                Thread.sleep(1);
            }
            say("{\"ready\": true}");
            long seen = 0;
            while (seen < rows) {
                Thread.sleep(1);
                long now = total();
                if (now != seen) {
                    seen = now;
                    say("{\"at\": " + System.currentTimeMillis() / 1e3 + ", \"seen\": " + seen + "}");
                }
            }
            synchronized (Peer.class) {
                var table = JSON.createArrayNode();
                TABLE.forEach((cell, count) -> {
                    var parts = cell.split(" ");
                    table.addArray().add(parts[0]).add(Long.parseLong(parts[1])).add(count);
                });
                say("{\"table\": " + table + "}");
            }
        }
    }

    static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
