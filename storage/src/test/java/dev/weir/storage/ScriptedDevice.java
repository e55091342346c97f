package dev.weir.storage;

import dev.weir.storage.spi.ProtocolDevice;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * An array behind limits of the test's choice. It writes down every request, fails the test where one does not fit the
 * limits, and can hold requests back and make them fail.
 */
public final class ScriptedDevice extends ProtocolDevice {
    private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    private final Queue<Runnable> held = new ArrayDeque<>();
    private final BlockLimits limits;
    private byte[] data;
    private boolean holding;
    private boolean zeroes = true;
    private @Nullable BlockException flushFailure;

    public ScriptedDevice(int length, BlockLimits limits) {
        this.data = new byte[length];
        this.limits = limits;
    }

    /** From now on requests do their work only when {@link #release} lets them. */
    public synchronized ScriptedDevice hold() {
        holding = true;
        return this;
    }

    /** Lets the oldest held request go. */
    public void release() {
        Runnable next;
        synchronized (this) {
            next = held.remove();
        }
        next.run();
    }

    public synchronized int held() {
        return held.size();
    }

    public ScriptedDevice withoutZeroes() {
        zeroes = false;
        return this;
    }

    public void failFlush(@Nullable BlockException failure) {
        flushFailure = failure;
    }

    public synchronized byte[] contents() {
        return data.clone();
    }

    public ScriptedDevice filled(int value) {
        Arrays.fill(data, (byte) value);
        return this;
    }

    /** As {@code read 0+512}, in the order of arrival. */
    public List<String> calls() {
        return List.copyOf(calls);
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
        return request("read", offset, dst.remaining(), dst, () -> {
            for (int at = (int) offset; dst.hasRemaining(); at++) {
                dst.put(at < data.length ? data[at] : 0);
            }
        });
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        String name = flags.isEmpty() ? "write" : "write" + flags;
        return request(name, offset, src.remaining(), src, () -> {
            for (int at = (int) offset; src.hasRemaining(); at++) {
                byte value = src.get();
                if (at < data.length) {
                    data[at] = value;
                }
            }
        });
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        if (!zeroes) {
            return super.writeZeroes(offset, length, flags);
        }
        String name = flags.isEmpty() ? "zero" : "zero" + flags;
        return request(
                name, offset, length, null, () -> Arrays.fill(data, (int) offset, (int) (offset + length), (byte) 0));
    }

    @Override
    public Mono<Void> discard(long offset, long length) {
        return request("discard", offset, length, null, () -> {});
    }

    @Override
    public Mono<Void> flush() {
        BlockException failure = flushFailure;
        calls.add("flush");
        return failure == null ? Mono.empty() : Mono.error(failure);
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        return request("truncate", 0, 0, null, () -> data = Arrays.copyOf(data, (int) length));
    }

    @Override
    public Mono<Void> permissionsChanged(Permissions permissions) {
        return Mono.fromRunnable(() -> calls.add("permissions " + permissions.used()));
    }

    @Override
    public Mono<Void> close() {
        return Mono.fromRunnable(() -> calls.add("close"));
    }

    private Mono<Void> request(String name, long offset, long length, @Nullable ByteBuffer buffer, Runnable work) {
        return Mono.defer(() -> {
            requireFits(name, offset, length, buffer);
            if (!name.equals("truncate")) {
                calls.add(name + " " + offset + "+" + length);
            }
            Sinks.Empty<Void> done = Sinks.empty();
            Runnable task = () -> {
                synchronized (this) {
                    work.run();
                }
                done.tryEmitEmpty();
            };
            synchronized (this) {
                if (holding) {
                    held.add(task);
                    return done.asMono();
                }
            }
            task.run();
            return done.asMono();
        });
    }

    private void requireFits(String name, long offset, long length, @Nullable ByteBuffer buffer) {
        int alignment = limits.requestAlignment();
        boolean fits = offset % alignment == 0 && length % alignment == 0 && offset >= 0;
        if (buffer != null) {
            fits &= length <= limits.maxTransfer();
            fits &= limits.memoryAlignment() == 1
                    || buffer.alignmentOffset(buffer.position(), limits.memoryAlignment()) == 0;
            fits &= offset + length < data.length + (long) alignment;
        }
        if (!fits) {
            throw new AssertionError(name + " " + offset + "+" + length + " does not fit " + limits);
        }
    }
}
