package dev.weir.storage.qcow2;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.testing.HeldRequests;
import dev.weir.testing.WriteLog;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * A guest that does what a script says, with several requests in flight, on files whose requests end in a random order; all
 * that is random follows from a seed. What it reads is compared with what may be there.
 */
final class GuestRun {
    /** How long nothing may happen at all. */
    private static final Duration HANG = Duration.ofSeconds(20);

    private final int depth;
    private final int largest;
    private final boolean settles;
    private final TestImage image;
    private final HeldRequests held = new HeldRequests();
    private final WriteLog log = new WriteLog();
    private final GuestHistory history;
    private final Deque<ByteBuffer> buffers = new ArrayDeque<>();
    private final GuestSnapshots snapshots = new GuestSnapshots();
    private final List<String> trace = new ArrayList<>();
    private GuestDisk.Around around;

    /** Is given a number, and says which of so many requests goes on; where a new one may come, that is the last choice. */
    private IntUnaryOperator choices;

    private @Nullable GuestDisk disk;
    private @Nullable Throwable failure;
    private int inFlight;
    private int failedRequests;

    private boolean failuresExpected;

    /**
     * @param image is changed
     * @param depth how many requests may be in flight
     * @param largest range in bytes
     * @param settles whether what is certain is looked at, and then forgotten, when the script says so
     */
    GuestRun(TestImage image, long seed, int depth, int largest, boolean settles) {
        this.image = image;
        this.choices = new Random(seed)::nextInt;
        this.depth = depth;
        this.largest = largest;
        this.settles = settles;
        this.history = new GuestHistory(image.contents());
        this.around = (name, device) -> log.record(held.hold(name, device));
    }

    /** Without a log, which nobody may need: it holds copies of everything that is written. */
    GuestRun withoutLog() {
        around = (name, device) -> held.hold(name, device);
        return this;
    }

    /** With something else below what holds requests; requests may fail from now on. */
    GuestRun failing(GuestDisk.Around faults) {
        around = (name, device) -> faults.apply(name, held.hold(name, device));
        failuresExpected = true;
        return this;
    }

    /** Somebody else says in which order requests go on. */
    GuestRun choosing(IntUnaryOperator order) {
        choices = order;
        return this;
    }

    /** Whether requests below wait to be chosen. */
    void hold(boolean hold) {
        held.hold(hold);
    }

    GuestHistory history() {
        return history;
    }

    WriteLog log() {
        return log;
    }

    int failedRequests() {
        return failedRequests;
    }

    TestImage image() {
        return image;
    }

    private BlockBackend backend() {
        return Objects.requireNonNull(disk).backend();
    }

    void open() {
        AtomicReference<@Nullable GuestDisk> opened = new AtomicReference<>();
        await(GuestDisk.open(image, around).doOnNext(opened::set), "open");
        disk = Objects.requireNonNull(opened.get());
    }

    /** Closes it; a failure is one where none is expected. */
    void close() {
        GuestDisk closing = Objects.requireNonNull(disk);
        disk = null;
        await(failuresExpected ? closing.close().onErrorComplete() : closing.close(), "close");
    }

    /** Does it all, and waits for it. The disk is open before and after. */
    void run(List<GuestOp> script) {
        for (GuestOp op : script) {
            boolean alone = op.kind().compareTo(GuestOp.Kind.RESIZE) >= 0;
            while (inFlight() > 0 && (alone || inFlight() >= depth)) {
                step();
            }
            for (int size = held.size(); inFlight() > 0 && size > 0; size = held.size()) {
                int choice = choices.applyAsInt(size + 1);
                if (choice == size) {
                    break;
                }
                held.release(choice);
            }
            throwFailure();
            if (alone) {
                doAlone(op);
            } else {
                start(op);
            }
        }
        finish();
    }

    /** Waits for what is in flight. */
    void finish() {
        while (inFlight() > 0) {
            step();
        }
        throwFailure();
    }

    private synchronized int inFlight() {
        return inFlight;
    }

    private void throwFailure() {
        Throwable thrown;
        synchronized (this) {
            thrown = failure;
        }
        if (thrown != null) {
            throw new AssertionError(thrown.getMessage(), thrown);
        }
    }

    private void step() {
        throwFailure();
        long since = held.changes();
        int size = held.size();
        if (size > 0) {
            held.release(choices.applyAsInt(size));
        } else if (inFlight() > 0 && !held.awaitChange(since, HANG)) {
            throw new AssertionError("hangs: " + inFlight() + " requests in flight, and none below; " + tail());
        }
    }

    private synchronized String tail() {
        return trace.subList(Math.max(0, trace.size() - 20), trace.size()).toString();
    }

    /** Waits for something that is done alone. */
    void await(Mono<?> operation, String what) {
        AtomicReference<@Nullable Object> end = new AtomicReference<>();
        operation.subscribe(
                nothing -> {},
                thrown -> {
                    end.set(thrown);
                    held.changed();
                },
                () -> {
                    end.set(this);
                    held.changed();
                });
        while (end.get() == null) {
            long since = held.changes();
            int size = held.size();
            if (size > 0) {
                held.release(choices.applyAsInt(size));
            } else if (end.get() == null && !held.awaitChange(since, HANG)) {
                throw new AssertionError(what + " hangs; " + tail());
            }
        }
        if (end.get() instanceof Throwable thrown) {
            throw new AssertionError(what + " failed: " + thrown, thrown);
        }
    }

    private void start(GuestOp op) {
        long length = backend().length();
        long offset = length == 0 ? 0 : op.offset() % length;
        int bytes = (int) Math.min(Math.min(op.length(), largest), length - offset);
        if (bytes == 0 && op.kind() != GuestOp.Kind.FLUSH) {
            return;
        }
        ByteBuffer buffer = buffer().limit(bytes);
        int begun = log.tick();
        switch (op.kind()) {
            case WRITE -> {
                byte[] data = GuestOp.data(op.tag(), offset, bytes);
                buffer.put(0, data);
                change(op, offset, bytes, data, true, begun, buffer, op.flag());
            }
            case ZERO -> change(op, offset, bytes, null, true, begun, buffer, false);
            case DISCARD -> change(op, offset, bytes, null, false, begun, buffer, false);
            case READ ->
                subscribe(op, backend().read(offset, buffer), buffer, () -> {
                    byte[] found = new byte[bytes];
                    buffer.clear().get(found);
                    String wrong = history.judgeRead(offset, found, begun, log.tick());
                    if (wrong != null) {
                        fail(new AssertionError(op + ": " + wrong));
                    }
                });
            default -> subscribe(op, backend().flush(), buffer, () -> history.flushed(begun, log.tick()));
        }
    }

    private void change(
            GuestOp op,
            long offset,
            int bytes,
            byte @Nullable [] data,
            boolean certain,
            int begun,
            ByteBuffer buffer,
            boolean fua) {
        GuestHistory.Change change;
        synchronized (this) {
            change = history.begin(offset, bytes, data, certain, op.toString(), begun);
        }
        Mono<Void> operation = data != null
                ? backend().write(offset, buffer, fua ? Set.of(WriteFlag.FUA) : WriteFlag.NONE)
                : certain
                        ? backend().writeZeroes(offset, bytes, op.flag() ? Set.of(WriteFlag.MAY_UNMAP) : WriteFlag.NONE)
                        : backend().discard(offset, bytes);
        subscribe(op, operation, buffer, () -> {
            change.ended = log.tick();
            if (fua) {
                change.stable = change.ended;
            }
        });
    }

    private void subscribe(GuestOp op, Mono<Void> operation, ByteBuffer buffer, Runnable atEnd) {
        synchronized (this) {
            inFlight++;
            trace.add(op.toString());
        }
        operation.subscribe(
                nothing -> {},
                thrown -> ended(buffer, () -> {
                    failedRequests++;
                    if (!failuresExpected) {
                        fail(new AssertionError(op + " failed: " + thrown, thrown));
                    }
                }),
                () -> ended(buffer, atEnd));
    }

    private void ended(ByteBuffer buffer, Runnable atEnd) {
        synchronized (this) {
            atEnd.run();
            inFlight--;
            buffers.push(buffer);
        }
        held.changed();
    }

    private synchronized void fail(Throwable thrown) {
        if (failure == null) {
            failure = thrown;
        }
    }

    private synchronized ByteBuffer buffer() {
        ByteBuffer buffer = buffers.isEmpty() ? ByteBuffer.allocateDirect(largest) : buffers.pop();
        return buffer.clear();
    }

    private void doAlone(GuestOp op) {
        switch (op.kind()) {
            case RESIZE -> resize(op);
            case SETTLE -> settle();
            case REOPEN -> {
                close();
                open();
            }
            case SNAPSHOT, APPLY, DELETE -> snapshot(op);
            default -> throw new IllegalArgumentException("not alone: " + op);
        }
    }

    private void snapshot(GuestOp op) {
        if (snapshots.allow(op)) {
            settle();
            close();
            await(snapshots.change(op, image.image(), history), op.toString());
            open();
        }
    }

    private void resize(GuestOp op) {
        if (op.length() == history.length()) {
            return;
        }
        GuestHistory.Length change = history.beginResize(op.length(), log.tick());
        AtomicReference<@Nullable Throwable> refused = new AtomicReference<>();
        await(
                backend().truncate(op.length(), PreallocMode.OFF).onErrorResume(thrown -> {
                    refused.set(thrown);
                    return Mono.empty();
                }),
                op.toString());
        Throwable thrown = refused.get();
        if (thrown == null) {
            history.resized(change, log.tick());
            if (backend().length() != op.length()) {
                throw new AssertionError(op + " made the disk " + backend().length() + " bytes long");
            }
        } else {
            failedRequests++;
            if (!failuresExpected) {
                throw new AssertionError(op + " failed: " + thrown, thrown);
            }
        }
    }

    /** Compares what was changed with what may be there. */
    void settle() {
        finish();
        if (settles) {
            for (long[] range : history.changed()) {
                look(range[0], range[1]);
            }
            history.forget();
        }
    }

    /** Compares the whole disk with what may be there. */
    void lookAtAll() {
        finish();
        look(0, history.length());
    }

    private void look(long from, long to) {
        byte[] found = new byte[(int) (to - from)];
        int begun = log.tick();
        for (int at = 0; at < found.length; at += largest) {
            ByteBuffer buffer = buffer().limit(Math.min(largest, found.length - at));
            int count = buffer.remaining();
            await(backend().read(from + at, buffer), "read");
            buffer.clear().get(found, at, count);
            buffers.push(buffer);
        }
        String wrong = history.judgeRead(from, found, begun, log.tick());
        if (wrong != null) {
            throw new AssertionError("when it was quiet: " + wrong);
        }
        if (settles) {
            history.settle(from, found);
        }
    }
}
