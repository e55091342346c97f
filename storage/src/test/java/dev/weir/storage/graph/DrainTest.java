package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.ScriptedDevice;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

class DrainTest {
    private final BlockGraph graph = BlockGraph.builder().build();
    private final ScriptedDevice device = new ScriptedDevice(4096, BlockLimits.BYTES);
    private final List<String> events = new ArrayList<>();
    private BlockNode file;
    private BlockNode raw;
    private BlockBackend backend;

    @BeforeEach
    void attach() {
        file = graph.add("f", device).block();
        raw = graph.add(NodeOptions.parse("raw,node-name=r,file=f")).block();
        backend = graph.attach(raw, new Permissions(Permissions.WRITE.used(), Permissions.ALL))
                .block();
        backend.onDrain(listener("begin", "end"));
    }

    private BlockBackend.DrainListener listener(String begin, String end) {
        return new BlockBackend.DrainListener() {
            @Override
            public void drainedBegin() {
                events.add(begin);
            }

            @Override
            public void drainedEnd() {
                events.add(end);
            }
        };
    }

    @Test
    void aListenerThatComesLateHearsOfTheDrainThatItWillHearTheEndOf() {
        note("drained", backend.drainedBegin());
        backend.onDrain(listener("late begin", "late end"));
        assertThat(events).containsExactly("begin", "drained", "late begin");
        backend.drainedEnd();
        assertThat(events).containsExactly("begin", "drained", "late begin", "late end");
    }

    @Test
    void waitsForRequestsInFlightAndHoldsBackNewOnes() {
        device.hold();
        note("first", write(1));
        note("drained", backend.drainedBegin());
        note("second", write(2));
        note("third", write(3));
        assertThat(backend.inFlight()).isEqualTo(3);
        assertThat(device.held()).isEqualTo(1);
        device.release();
        assertThat(events).containsExactly("begin", "first", "drained");
        assertThat(device.held()).isZero();
        backend.drainedEnd();
        device.release();
        device.release();
        assertThat(events).containsExactly("begin", "first", "drained", "end", "second", "third");
        assertThat(backend.inFlight()).isZero();
    }

    @Test
    void aListenerThatComesWhileDrainedHearsOfBothEnds() {
        backend.drainedBegin().block();
        List<String> heard = new ArrayList<>();
        backend.onDrain(new BlockBackend.DrainListener() {
            @Override
            public void drainedBegin() {
                heard.add("begin");
            }

            @Override
            public void drainedEnd() {
                heard.add("end");
            }
        });
        backend.drainedEnd();
        assertThat(heard).containsExactly("begin", "end");
    }

    @Test
    void aListenerHearsOfTheEndOnlyWhenItHasHeardOfTheBegin() {
        backend.drainedBegin().block();
        backend.onDrain(new BlockBackend.DrainListener() {
            @Override
            public void drainedBegin() {
                backend.drainedEnd();
                events.add("heard begin");
            }

            @Override
            public void drainedEnd() {
                events.add("heard end");
            }
        });
        assertThat(events).containsExactly("begin", "heard begin", "heard end");
    }

    @Test
    void nests() {
        note("outer", backend.drainedBegin());
        note("inner", backend.drainedBegin());
        note("write", write(1));
        backend.drainedEnd();
        assertThat(events).containsExactly("begin", "outer", "inner");
        backend.drainedEnd();
        assertThat(events).containsExactly("begin", "outer", "inner", "end", "write");
        assertThatThrownBy(backend::drainedEnd).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void countsARequestUntilTheSubscriberReturned() {
        List<Integer> seen = new ArrayList<>();
        write(1).subscribe(nothing -> {}, e -> seen.add(-1), () -> seen.add(backend.inFlight()));
        assertThat(seen).containsExactly(1);
        assertThat(backend.inFlight()).isZero();
    }

    @Test
    void aCancelledRequestCountsUntilTheDeviceIsDone() {
        device.hold();
        write(1).subscribe(nothing -> {}, failure -> events.add(failure.getMessage()))
                .dispose();
        assertThat(backend.inFlight()).isEqualTo(1);
        device.release();
        assertThat(backend.inFlight()).isZero();
    }

    @Test
    void aSubscriberThatThrowsCountsOnce() {
        Mono<Void> write = write(1);
        for (int i = 0; i < 3; i++) {
            try {
                write.subscribe(new Throwing());
            } catch (RuntimeException e) {
                events.add("thrown");
            }
        }
        assertThat(backend.inFlight()).isZero();
        note("drained", backend.drainedBegin());
        assertThat(events).endsWith("begin", "drained");
    }

    @Test
    void drainingANodeDrainsAllBackendsAboveItAndThoseThatCome() {
        note("drained", graph.drainedBegin(file));
        BlockBackend late = graph.attach(file, new Permissions(Permissions.READ.used(), Permissions.ALL))
                .block();
        note("write", write(1));
        note("read", late.read(0, ByteBuffer.allocateDirect(1)));
        assertThat(events).containsExactly("begin", "drained");
        graph.drainedEnd(file);
        assertThat(events).containsExactly("begin", "drained", "end", "write", "read");
        assertThatThrownBy(() -> graph.drainedEnd(file)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closeWaitsForRequestsInFlightAndRefusesWaitingOnes() {
        device.hold();
        note("first", write(1));
        note("drained", backend.drainedBegin());
        note("second", write(2));
        note("closed", backend.close());
        assertThat(events).containsExactly("begin", "r: write at 2: CLOSED");
        device.release();
        assertThat(events).containsExactly("begin", "r: write at 2: CLOSED", "first", "drained", "closed");
        backend.drainedEnd();
        note("third", write(3));
        assertThat(events).endsWith("closed", "r: write at 3: CLOSED");
    }

    @Test
    void tellsEveryBackendAboveAResizedNode() {
        List<String> lengths = new ArrayList<>();
        BlockBackend below = graph.attach(file, new Permissions(Permissions.WRITE.used(), Permissions.ALL))
                .block();
        backend.onResize((length, own) -> lengths.add("raw " + length + (own ? " own" : "")));
        below.onResize((length, own) -> lengths.add("file " + length + (own ? " own" : "")));
        below.truncate(100, PreallocMode.OFF).block();
        backend.truncate(200, PreallocMode.OFF).block();
        assertThat(lengths).containsExactlyInAnyOrder("raw 100", "file 100 own", "raw 200 own", "file 200");
    }

    @Test
    void noRequestIsInFlightInsideADrainWhateverTheOtherThreadsDo() throws Exception {
        var inDrain = new AtomicBoolean();
        var violations = new AtomicInteger();
        var done = new CountDownLatch(6_000);
        BlockBackend busy = graph.attach(
                        graph.add("busy", new ScriptedDevice(4096, BlockLimits.BYTES))
                                .block(),
                        Permissions.WRITE)
                .block();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 3; t++) {
            var thread = new Thread(() -> {
                for (int i = 0; i < 2_000; i++) {
                    busy.write(0, ByteBuffer.allocateDirect(1), WriteFlag.NONE)
                            .subscribeOn(i % 50 == 0 ? Schedulers.parallel() : Schedulers.immediate())
                            .subscribe(nothing -> {}, e -> violations.incrementAndGet(), () -> {
                                if (inDrain.get()) {
                                    violations.incrementAndGet();
                                }
                                done.countDown();
                            });
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (int i = 0; i < 300; i++) {
            busy.drainedBegin().block();
            inDrain.set(true);
            Thread.onSpinWait();
            inDrain.set(false);
            busy.drainedEnd();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
        busy.close().block();
        assertThat(violations).hasValue(0);
    }

    private Mono<Void> write(long offset) {
        return backend.write(offset, ByteBuffer.allocateDirect(1), WriteFlag.NONE);
    }

    private void note(String name, Mono<Void> operation) {
        operation.subscribe(nothing -> {}, failure -> events.add(failure.getMessage()), () -> events.add(name));
    }

    private static final class Throwing implements CoreSubscriber<Void> {
        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(1);
        }

        @Override
        public void onNext(Void nothing) {}

        @Override
        public void onError(Throwable failure) {
            throw new IllegalStateException("from the subscriber");
        }

        @Override
        public void onComplete() {
            throw new IllegalStateException("from the subscriber");
        }
    }
}
