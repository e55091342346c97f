package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.protocol.DecodeOracle;
import dev.weir.fuse.protocol.DecodeResult;
import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseOpcode;
import dev.weir.fuse.protocol.FuzzedMessages;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.Permissions;
import dev.weir.storage.graph.BlockGraph;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.internal.PlatformDependent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * More than a million messages, most of them malformed or with values that make no sense, through decoder, session and
 * block layer. Each that wants a reply gets one; a stream that cannot be trusted ends its session, which leaves nothing.
 */
class FuseSessionFuzzTest {
    private static final long SEED = 0xF0_5E55_1011L;
    private static final int INPUTS = 1_050_000;
    private static final int MAX_TRANSFER = 8192;
    private static final int RECEIVED_AT_MOST = MAX_TRANSFER + 80;
    private static final int BATCH = 64;

    /** What the replies of a batch may take in a socket's buffer. */
    private static final int REPLY_BYTES = 150_000;

    private final FuzzedMessages messages = new FuzzedMessages(SEED, RECEIVED_AT_MOST + 128, MAX_TRANSFER);
    private final ByteBuffer view = ByteBuffer.wrap(messages.bytes).order(ByteOrder.nativeOrder());
    private final SplittableRandom random = new SplittableRandom(SEED);
    private final ExecutorService threads = SessionFixture.threads(2);
    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("fuzz-loop", true), EpollIoHandler.newFactory());
    private final BlockGraph graph = BlockGraph.builder().build();
    private final Map<DecodeResult, Integer> results = new EnumMap<>(DecodeResult.class);
    private final Map<FuseOpcode, Integer> served = new EnumMap<>(FuseOpcode.class);
    private final Map<Long, Errno> expected = new HashMap<>();
    private BlockBackend backend;
    private ScriptedFuseDevice kernel;
    private FuseSession session;
    private int inputs;
    private int sessions;
    private int malformed;
    private ResourceLeakDetector.Level leakDetection;

    @BeforeEach
    void attach() {
        // Tracking a buffer takes longer than a whole session does here; all direct memory is counted at the end.
        leakDetection = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
        backend = graph.attach(graph.add("fuzz", new FuzzDevice(threads)).block(), Permissions.WRITE)
                .block();
    }

    @AfterEach
    void close() throws InterruptedException {
        threads.shutdown();
        assertThat(threads.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
        graph.close().block(ScriptedFuseDevice.PATIENCE);
        group.shutdownGracefully(0, 0, TimeUnit.SECONDS).await(5, TimeUnit.SECONDS);
        ResourceLeakDetector.setLevel(leakDetection);
    }

    @Test
    @Timeout(120)
    void everyMessageGetsWhatItIsDueAndNothingIsLeft() {
        group.submit(() -> null).syncUninterruptibly();
        long directMemory = PlatformDependent.usedDirectMemory();
        while (inputs < INPUTS) {
            begin();
            boolean trusted = true;
            for (int batch = 0; trusted && batch < 100; batch++) {
                trusted = sendBatch();
                receiveBatch();
            }
            end(trusted);
        }
        assertThat(results)
                .containsOnlyKeys(Arrays.stream(DecodeResult.values())
                        .filter(result -> result != DecodeResult.OVERSIZED)
                        .toList());
        assertThat(results.values()).allSatisfy(count -> assertThat(count).isGreaterThan(200));
        assertThat(served).containsOnlyKeys(FuseOpcode.values());
        assertThat(served.values()).allSatisfy(count -> assertThat(count).isGreaterThan(1000));
        assertThat(sessions).isGreaterThan(1000);
        assertThat(backend.inFlight()).isZero();
        assertThat(PlatformDependent.usedDirectMemory()).isEqualTo(directMemory);
    }

    private final BufferMemory memory = new BufferMemory(BufferMemory.SMALLEST);

    private void begin() {
        sessions++;
        malformed = 0;
        boolean writable = random.nextInt(8) != 0;
        var options = new FuseSessionOptions(
                "fuzz",
                writable,
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                0,
                0,
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                1 << 17,
                16);
        kernel = new ScriptedFuseDevice();
        session = new FuseSession(
                options,
                new FuseHandshake.Agreement(45, 0, MAX_TRANSFER),
                backend,
                List.of(kernel.device()),
                List.of(group.next()),
                admit(),
                random.nextBoolean() ? new PassthroughFile(kernel.device(), backend, 7, random.nextBoolean()) : null);
        SessionFixture.await(session.start());
    }

    private BufferMemory.Admission admit() {
        try {
            return memory.admit(1, MAX_TRANSFER);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Sends messages up to one after which nothing can be trusted. */
    private boolean sendBatch() {
        int replyBytes = 0;
        for (int i = 0; i < BATCH && replyBytes < REPLY_BYTES; i++) {
            DecodeResult result = next();
            kernel.send(messages.bytes, messages.received);
            inputs++;
            results.merge(result, 1, Integer::sum);
            if (result != DecodeResult.OK && result != DecodeResult.UNKNOWN_OPCODE) {
                malformed++;
            }
            if (!result.streamTrusted()) {
                return false;
            }
            var oracle = new DecodeOracle(messages.bytes, messages.received, RECEIVED_AT_MOST, MAX_TRANSFER);
            if (oracle.replied()) {
                long unique = oracle.unsigned(8, 8);
                assertThat(expected.containsKey(unique))
                        .as("messages share a name")
                        .isFalse();
                expected.put(unique, result.errno());
            }
            if (result == DecodeResult.OK) {
                served.merge(FuseOpcode.of(oracle.opcode()), 1, Integer::sum);
                replyBytes += 1024 + (oracle.opcode() == 15 ? 2 * (int) oracle.unsigned(56, 4) : 0);
            }
        }
        return true;
    }

    /** Of the messages that end a session only some are taken, or there would be nothing else. */
    private DecodeResult next() {
        while (true) {
            messages.next();
            if (messages.received == 0) {
                // To a socket this is the end; /dev/fuse has no such message.
                continue;
            }
            if (messages.received >= 24 && random.nextInt(8) != 0) {
                view.putLong(16, 1);
            }
            // A longer one is cut by the length of the buffer.
            int received = Math.min(messages.received, RECEIVED_AT_MOST);
            DecodeResult result = new DecodeOracle(messages.bytes, received, RECEIVED_AT_MOST, MAX_TRANSFER).result();
            if (result.streamTrusted() || random.nextInt(50) == 0) {
                return result;
            }
        }
    }

    private void receiveBatch() {
        for (int due = expected.size(); due > 0; due--) {
            KernelReply reply = kernel.receive();
            if (!expected.containsKey(reply.unique())) {
                throw new AssertionError("nobody waits for this, after " + inputs + " inputs: " + reply);
            }
            Errno errno = expected.remove(reply.unique());
            if (errno != null) {
                reply.fails(errno);
            }
        }
    }

    private void end(boolean trusted) {
        if (!trusted) {
            assertThat(SessionFixture.await(session.ended())).isEqualTo(FuseSession.End.BROKEN);
        }
        SessionFixture.await(session.quiesce());
        assertThat(session.inFlight()).isZero();
        assertThat(session.inFlightBytes()).isZero();
        assertThat(session.unanswered()).isEmpty();
        assertThat(session.statistics().malformed()).isEqualTo(malformed);
        assertThat(session.ended().toCompletableFuture().isDone()).isEqualTo(!trusted);
        SessionFixture.await(session.close());
        assertThat(memory.allocatedBytes()).isZero();
        kernel.expectEnd();
        kernel.close();
    }
}
