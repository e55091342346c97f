package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Writers that know what they wrote, each in a part of its own, until they are stopped. */
final class ImageLoad {
    private static final int WRITERS = 4;
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final BlockBackend backend;
    private final byte[] model;
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicInteger requests = new AtomicInteger();
    private final Mono<Void> ended;
    private final Disposable running;

    /** @param model what the backend reads now; kept true */
    ImageLoad(BlockBackend backend, byte[] model) {
        this.backend = backend;
        this.model = model;
        this.ended =
                Flux.range(0, WRITERS).flatMap(this::writer, WRITERS).then().cache();
        this.running = ended.subscribe(nothing -> {}, failure -> {});
    }

    private Mono<Void> writer(int index) {
        var random = new Random(index);
        int part = model.length / WRITERS;
        return Mono.defer(() -> request(random, index * part, part))
                .repeat(() -> !over.get())
                .then();
    }

    private Mono<Void> request(Random random, int start, int part) {
        int length = 1 + random.nextInt(random.nextBoolean() ? 3000 : 90_000);
        int offset = start + random.nextInt(part - length);
        requests.incrementAndGet();
        switch (random.nextInt(8)) {
            case 0:
                return backend.writeZeroes(offset, length, WriteFlag.NONE)
                        .doOnSuccess(done -> java.util.Arrays.fill(model, offset, offset + length, (byte) 0));
            case 1:
                return backend.flush();
            case 2, 3:
                ByteBuffer dst = ByteBuffer.allocateDirect(length);
                return backend.read(offset, dst).doOnSuccess(done -> {
                    byte[] bytes = new byte[length];
                    dst.get(0, bytes);
                    assertThat(java.util.Arrays.mismatch(
                                    bytes, java.util.Arrays.copyOfRange(model, offset, offset + length)))
                            .as("difference in %d bytes at %d", length, offset)
                            .isEqualTo(-1);
                });
            default:
                byte[] bytes = new byte[length];
                random.nextBytes(bytes);
                ByteBuffer src = ByteBuffer.allocateDirect(length).put(bytes).flip();
                return backend.write(offset, src, WriteFlag.NONE)
                        .doOnSuccess(done -> System.arraycopy(bytes, 0, model, offset, length));
        }
    }

    /** How many requests were made so far; an error that ended a writer is thrown. */
    int requests() {
        if (running.isDisposed() && !over.get()) {
            ended.block(DEADLINE);
        }
        return requests.get();
    }

    /** Waits for that many more. */
    void proceed(int more) throws InterruptedException {
        int wanted = requests() + more;
        while (requests() < wanted) {
            Thread.sleep(1);
        }
    }

    /** Stops the writers, and holds all bytes against what was written. */
    void verify() {
        over.set(true);
        ended.block(DEADLINE);
        assertThat(bytes(backend)).isEqualTo(model);
    }

    static byte[] bytes(BlockBackend backend) {
        ByteBuffer all = ByteBuffer.allocateDirect((int) backend.length());
        backend.read(0, all).block(DEADLINE);
        byte[] bytes = new byte[all.capacity()];
        all.get(0, bytes);
        return bytes;
    }
}
