package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.testing.DeviceFilter;
import dev.weir.testing.QemuImg;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** First writes over a file whose writes end in ways that reactive streams do not allow. */
class Qcow2MisbehavingDeviceTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final int SIZE = 512 << 10;
    private static final int LENGTH = 4096;
    private static final int WRITES = 16;

    /** How a write ends that has been done, but for the last two. */
    enum Ending {
        COMPLETES_AND_THROWS(actual -> {
            actual.onComplete();
            throw new IllegalStateException("made up");
        }),
        COMPLETES_AND_THROWS_AN_ERROR(actual -> {
            actual.onComplete();
            throw new OutOfMemoryError("made up");
        }),
        COMPLETES_AND_FAILS(actual -> {
            actual.onComplete();
            actual.onError(new IllegalStateException("made up"));
        }),
        COMPLETES_AND_FAILS_LATER(actual -> {
            actual.onComplete();
            later(() -> actual.onError(new IllegalStateException("made up")));
        }),
        COMPLETES_TWICE(actual -> {
            actual.onComplete();
            later(actual::onComplete);
        }),
        FAILS_AND_COMPLETES(actual -> {
            actual.onError(new IllegalStateException("made up"));
            actual.onComplete();
        }),
        THROWS_AN_ERROR(actual -> {
            throw new OutOfMemoryError("made up");
        });

        private final Consumer<CoreSubscriber<? super Void>> behaviour;

        Ending(Consumer<CoreSubscriber<? super Void>> behaviour) {
            this.behaviour = behaviour;
        }

        private static void later(Runnable end) {
            Schedulers.parallel().schedule(end);
        }
    }

    private volatile boolean misbehaves;

    @BeforeAll
    static void assumeQemu() {
        QemuImg.assumeInstalled();
    }

    private BlockDevice around(BlockDevice below, Ending ending) {
        return new DeviceFilter(below) {
            @Override
            protected Mono<Void> pass(Request request, Mono<Void> operation) {
                // The guest's data, and the tables with it.
                if (!misbehaves || request.kind() != Kind.WRITE) {
                    return operation;
                }
                return new Mono<>() {
                    @Override
                    public void subscribe(CoreSubscriber<? super Void> actual) {
                        operation.block(DEADLINE);
                        actual.onSubscribe(reactor.core.publisher.Operators.emptySubscription());
                        ending.behaviour.accept(actual);
                    }
                };
            }
        };
    }

    @ParameterizedTest
    @EnumSource
    void whatHasEndedWellIsThereAndTheImageIsSound(Ending ending) {
        TestImage image = TestImage.make("size=512 cluster_size=4k");
        GuestDisk disk = Objects.requireNonNull(
                GuestDisk.open(image, (name, device) -> around(device, ending)).block(DEADLINE));
        byte[] expected = new byte[SIZE];
        misbehaves = true;
        List<Integer> failed = new ArrayList<>();
        for (int i = 0; i < WRITES; i++) {
            // Not aligned: what lies around it is copied or zeroed.
            int offset = i * 3 * LENGTH + 512;
            if (ended(write(disk, offset, i + 1))) {
                Arrays.fill(expected, offset, offset + LENGTH, (byte) (i + 1));
            } else {
                failed.add(offset);
            }
        }
        misbehaves = false;
        boolean wentWrong = ending == Ending.FAILS_AND_COMPLETES || ending == Ending.THROWS_AN_ERROR;
        assertThat(failed).hasSize(wentWrong ? WRITES : 0);

        for (int offset : failed) {
            write(disk, offset, 99).block(DEADLINE);
            Arrays.fill(expected, offset, offset + LENGTH, (byte) 99);
        }
        assertThat(disk.backend().inFlight()).isZero();
        assertThat(disk.contents().block(DEADLINE)).isEqualTo(expected);
        disk.close().block(DEADLINE);
        ImageVerdict verdict = ImageVerdict.of(image);
        assertThat(verdict.corruptions()).as(verdict.text()).isZero();
        assertThat(verdict.leaks()).as(verdict.text()).isZero();
    }

    private static Mono<Void> write(GuestDisk disk, long offset, int value) {
        byte[] bytes = new byte[LENGTH];
        Arrays.fill(bytes, (byte) value);
        ByteBuffer src = ByteBuffer.allocateDirect(LENGTH).put(bytes).flip();
        return disk.backend().write(offset, src, WriteFlag.NONE);
    }

    private static boolean ended(Mono<Void> write) {
        return Boolean.TRUE.equals(
                write.thenReturn(true).onErrorReturn(Exception.class, false).block(DEADLINE));
    }
}
