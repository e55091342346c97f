package dev.weir.benchmarks.endtoend;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The memory that requests hold, as the metrics of a daemon tell it. */
interface BufferGauge {
    /** Of a daemon that does not tell. */
    BufferGauge NONE = () -> new Sampling(null);

    /** Begins to look at it. */
    Sampling start();

    /** Asks the socket on which {@code GET /metrics} is answered. */
    static BufferGauge of(Path socket) {
        return () -> new Sampling(socket);
    }

    /**
     * The most that was seen, in bytes; null where nothing was.
     *
     * @param inFlight of requests in flight
     * @param buffers of all buffers, used or not
     */
    record Peak(@Nullable Long inFlight, @Nullable Long buffers) {
        private static final Pattern GAUGE =
                Pattern.compile("^weir_engine_(in_flight|buffer)_bytes\\{[^}]*} (\\S+)$", Pattern.MULTILINE);

        /** The sums over all engines. */
        static Peak parse(String metrics) {
            double inFlight = 0;
            double buffers = 0;
            boolean any = false;
            var matcher = GAUGE.matcher(metrics);
            while (matcher.find()) {
                any = true;
                double value = Double.parseDouble(matcher.group(2));
                if (matcher.group(1).equals("buffer")) {
                    buffers += value;
                } else {
                    inFlight += value;
                }
            }
            return any ? new Peak((long) inFlight, (long) buffers) : new Peak(null, null);
        }

        Peak max(Peak other) {
            return new Peak(max(inFlight, other.inFlight), max(buffers, other.buffers));
        }

        private static @Nullable Long max(@Nullable Long one, @Nullable Long other) {
            if (one == null || other == null) {
                return one == null ? other : one;
            }
            return Math.max(one, other);
        }
    }

    /** Asks again and again on a thread of its own, until it is closed. */
    final class Sampling implements AutoCloseable {
        private static final int EVERY_MILLIS = 100;
        private static final int CHUNK = 1 << 16;
        private static final String REQUEST = "GET /metrics HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n";

        private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
        private volatile Peak peak = new Peak(null, null);

        Sampling(@Nullable Path socket) {
            if (socket != null) {
                var unused = thread.scheduleWithFixedDelay(
                        () -> look(socket), EVERY_MILLIS, EVERY_MILLIS, TimeUnit.MILLISECONDS);
            }
        }

        Peak peak() {
            return peak;
        }

        private void look(Path socket) {
            try {
                peak = peak.max(Peak.parse(get(socket)));
            } catch (IOException e) {
                // No figure this time; the next one may come.
                peak = peak.max(new Peak(null, null));
            }
        }

        private static String get(Path socket) throws IOException {
            try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                channel.connect(UnixDomainSocketAddress.of(socket));
                channel.write(ByteBuffer.wrap(REQUEST.getBytes(StandardCharsets.US_ASCII)));
                var answer = new ByteArrayOutputStream();
                ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
                while (channel.read(buffer.clear()) >= 0) {
                    answer.write(buffer.array(), 0, buffer.position());
                }
                return answer.toString(StandardCharsets.UTF_8);
            }
        }

        @Override
        public void close() {
            thread.shutdownNow();
        }
    }
}
