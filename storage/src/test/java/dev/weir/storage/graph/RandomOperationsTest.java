package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.ScriptedDevice;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Seeded random operations, checked against a byte array. */
class RandomOperationsTest {
    private static final int LENGTH = 700_001;
    private static final int SEQUENTIAL = 30_000;
    private static final int BATCHES = 400;
    private static final int SLICES = 32;

    private final BlockGraph graph = BlockGraph.builder().build();
    private final Random random = new Random(4_711);
    private byte[] model = new byte[LENGTH];
    private BlockBackend backend;

    @AfterEach
    void close() {
        graph.close().block();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "memory,discard=unmap,size=700001",
                "raw,offset=777,size=700001,file.driver=memory,file.size=1M",
                "raw,detect-zeroes=on,offset=4097,file.driver=memory,file.size=704098",
                "raw,offset=1,size=700001,file.driver=raw,file.file.driver=memory,file.offset=511,file.file.size=2M",
                "raw,probed=on,file.driver=memory,file.size=700001",
                "aligned"
            })
    void agreesWithAByteArray(String options) {
        open(options);
        for (int i = 0; i < SEQUENTIAL; i++) {
            int offset = random.nextInt(model.length);
            int length = 1 + random.nextInt(Math.min(model.length - offset, i % 100 == 0 ? 200_000 : 5_000));
            step(offset, length, "operation " + i);
        }
        assertThat(read(0, model.length)).isEqualTo(model);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "memory,discard=unmap,size=700001",
                "raw,offset=777,size=700001,file.driver=memory,file.size=1M",
                "aligned"
            })
    void concurrentOperationsOnDisjointRangesDoNotDisturbEachOther(String options) {
        open(options);
        int slice = LENGTH / SLICES;
        for (int batch = 0; batch < BATCHES; batch++) {
            List<Mono<Void>> operations = new ArrayList<>();
            for (int i = 0; i < SLICES; i++) {
                int from = i * slice + random.nextInt(slice);
                int length = 1 + random.nextInt(i * slice + slice - from);
                Mono<Void> operation = switch (random.nextInt(3)) {
                    case 0 -> zeroing(from, length);
                    case 1 -> reading(from, length);
                    default -> writing(from, length);
                };
                operations.add(i % 2 == 0 ? operation.subscribeOn(Schedulers.parallel()) : operation);
            }
            Mono.when(operations).block(Duration.ofSeconds(30));
        }
        assertThat(read(0, LENGTH)).isEqualTo(model);
        backend.drainedBegin().block();
        assertThat(backend.inFlight()).isZero();
        backend.drainedEnd();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "memory,discard=unmap,size=700001",
                "raw,offset=777,file.driver=memory,file.size=700778",
                "aligned"
            })
    void agreesWithAByteArrayThatChangesItsLength(String options) {
        open(options);
        for (int i = 0; i < 2_000; i++) {
            if (i % 10 == 0) {
                int length = 1 + random.nextInt(LENGTH);
                backend.truncate(length, PreallocMode.OFF).block();
                model = Arrays.copyOf(model, length);
                assertThat(backend.length()).isEqualTo(length);
            }
            int offset = random.nextInt(model.length);
            step(offset, 1 + random.nextInt(Math.min(model.length - offset, 9_000)), "operation " + i);
        }
        assertThat(read(0, model.length)).isEqualTo(model);
    }

    private void open(String options) {
        Mono<BlockNode> opened = options.equals("aligned")
                ? graph.add("aligned", new ScriptedDevice(LENGTH, new BlockLimits(4096, 4096, 131_072, 4096, 0)))
                : graph.add(NodeOptions.parse(options));
        backend = opened.flatMap(node -> graph.attach(node, Permissions.WRITE)).block();
        assertThat(backend.length()).isEqualTo(LENGTH);
    }

    private void step(int offset, int length, String description) {
        switch (random.nextInt(5)) {
            case 0 -> zeroing(offset, length).block();
            case 1, 2 -> writing(offset, length).block();
            case 3 ->
                assertThat(read(offset, length + 20))
                        .as(description)
                        .isEqualTo(Arrays.copyOf(Arrays.copyOfRange(model, offset, offset + length + 20), length + 20));
            default -> {
                assertThat(read(offset, length))
                        .as(description)
                        .isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
                assertOutOfRange(offset);
            }
        }
    }

    private void assertOutOfRange(int offset) {
        Mono<Void> write = backend.write(offset, ByteBuffer.allocate(model.length - offset + 1), WriteFlag.NONE);
        BlockErrorKind kind = write.then(Mono.<BlockErrorKind>empty())
                .onErrorResume(BlockException.class, e -> Mono.just(e.kind()))
                .block();
        assertThat(kind).isEqualTo(BlockErrorKind.OUT_OF_RANGE);
    }

    private Mono<Void> zeroing(int offset, int length) {
        Arrays.fill(model, offset, offset + length, (byte) 0);
        return backend.writeZeroes(offset, length, random.nextBoolean() ? WriteFlag.NONE : Set.of(WriteFlag.MAY_UNMAP));
    }

    private Mono<Void> writing(int offset, int length) {
        byte[] data = new byte[length];
        if (random.nextInt(4) > 0) {
            random.nextBytes(data);
        }
        System.arraycopy(data, 0, model, offset, length);
        int shift = random.nextInt(3);
        ByteBuffer src = ByteBuffer.allocateDirect(length + shift).put(shift, data);
        return backend.write(offset, src.position(shift), WriteFlag.NONE);
    }

    private Mono<Void> reading(int offset, int length) {
        byte[] expected = Arrays.copyOfRange(model, offset, offset + length);
        ByteBuffer dst = ByteBuffer.allocateDirect(length);
        return backend.read(offset, dst).doOnSuccess(nothing -> {
            byte[] actual = new byte[length];
            dst.clear().get(actual);
            assertThat(actual).isEqualTo(expected);
        });
    }

    private byte[] read(int offset, int length) {
        ByteBuffer dst = ByteBuffer.allocateDirect(length);
        for (int i = 0; i < length; i += 97) {
            dst.put(i, (byte) 0x55);
        }
        backend.read(offset, dst).block();
        byte[] data = new byte[length];
        dst.clear().get(data);
        return data;
    }
}
