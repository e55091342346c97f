package dev.weir.fuse.session;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.Extent;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.ResidentReader;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.ProtocolDevice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * An array whose operations end when, how and on which thread the test says. Until told otherwise each ends at once, on
 * the thread that asked.
 */
final class ControlledDevice extends ProtocolDevice {
    /** One operation that was asked for. */
    final class Call implements Subscription {
        final String name;
        final CoreSubscriber<Object> subscriber;
        private final Runnable work;

        @SuppressWarnings("unchecked")
        private Call(String name, CoreSubscriber<?> subscriber, Runnable work) {
            this.name = name;
            this.subscriber = (CoreSubscriber<Object>) subscriber;
            this.work = work;
        }

        /** Does the work and ends with success. */
        void complete() {
            synchronized (ControlledDevice.this) {
                work.run();
            }
            subscriber.onComplete();
        }

        void fail(BlockErrorKind kind) {
            subscriber.onError(BlockException.of(kind, name + " was made to fail"));
        }

        @Override
        public void request(long n) {}

        @Override
        public void cancel() {
            throw new AssertionError("cancelled: " + name);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private final List<String> names = Collections.synchronizedList(new ArrayList<>());
    private final BlockingQueue<Call> held = new LinkedTransferQueue<>();
    private volatile Consumer<Call> behaviour = Call::complete;
    private volatile List<Extent> extents = List.of();
    private volatile BlockLimits limits = BlockLimits.BYTES;
    private volatile long allocated = -1;
    private volatile long resident;
    private byte[] data;

    ControlledDevice(int length) {
        this.data = new byte[length];
    }

    /** Bytes from 0 up, so that each tells its place. */
    static byte[] pattern(int length, int seed) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + i / 251 + seed);
        }
        return bytes;
    }

    ControlledDevice with(byte[] contents) {
        data = contents.clone();
        return this;
    }

    ControlledDevice limits(BlockLimits limits) {
        this.limits = limits;
        return this;
    }

    /** What {@code blockStatus} tells: runs that cover the device. Without any all is data. */
    ControlledDevice extents(Extent... runs) {
        extents = List.of(runs);
        return this;
    }

    ControlledDevice allocated(long bytes) {
        allocated = bytes;
        return this;
    }

    /** From now on it shows what is in memory from that address on. */
    ControlledDevice resident(long address) {
        resident = address;
        return this;
    }

    /** What becomes of operations from now on. */
    ControlledDevice behave(Consumer<Call> behaviour) {
        this.behaviour = behaviour;
        return this;
    }

    /** From now on operations wait for {@link #next}. */
    ControlledDevice hold() {
        return behave(held::add);
    }

    ControlledDevice letGo() {
        return behave(Call::complete);
    }

    /** The operation that has waited longest; waits for one. */
    Call next() {
        try {
            Call call = held.poll(ScriptedFuseDevice.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            if (call == null) {
                throw new AssertionError("no operation came; before: " + names);
            }
            return call;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** So many operations that wait. */
    List<Call> next(int count) {
        return Stream.generate(this::next).limit(count).toList();
    }

    int held() {
        return held.size();
    }

    /** As {@code write 0+512}, in the order of arrival; operations that only ask are left out. */
    List<String> calls() {
        return List.copyOf(names);
    }

    synchronized byte[] contents() {
        return data.clone();
    }

    @Override
    public BlockLimits limits() {
        return limits;
    }

    @Override
    public synchronized long length() {
        return data.length;
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        return operation("read " + offset + "+" + dst.remaining(), () -> dst.put(data, (int) offset, dst.remaining()));
    }

    @Override
    public boolean showResident(long offset, int length, ResidentReader reader) {
        if (resident != 0) {
            names.add("show " + offset + "+" + length);
            reader.show(resident + offset, length);
        }
        return resident != 0;
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return operation(
                named("write", flags, offset, src.remaining()), () -> src.get(data, (int) offset, src.remaining()));
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return operation(
                named("zero", flags, offset, length),
                () -> Arrays.fill(data, (int) offset, (int) (offset + length), (byte) 0));
    }

    @Override
    public Mono<Void> flush() {
        return operation("flush", () -> {});
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        String name = prealloc == PreallocMode.OFF ? "truncate " : "truncate[" + prealloc + "] ";
        return operation(name + length, () -> data = Arrays.copyOf(data, (int) length));
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long length) {
        return extents.isEmpty()
                ? super.blockStatus(offset, length)
                : Mono.fromSupplier(() -> extents.stream()
                        .filter(run -> run.offset() <= offset && offset < run.end())
                        .findFirst()
                        .map(run -> new Extent(
                                offset, Math.min(run.end(), offset + length) - offset, run.data(), run.zero()))
                        .orElseThrow());
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return Mono.fromSupplier(() -> allocated < 0 ? length() : allocated);
    }

    private static String named(String name, Set<WriteFlag> flags, long offset, long length) {
        String sorted = flags.isEmpty() ? "" : flags.stream().sorted().toList().toString();
        return name + sorted + " " + offset + "+" + length;
    }

    private Mono<Void> operation(String name, Runnable work) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                names.add(name);
                var call = new Call(name, actual, work);
                actual.onSubscribe(call);
                behaviour.accept(call);
            }
        };
    }
}
