package dev.weir.fuse.session;

import dev.weir.fuse.protocol.FuseOpcode;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counters of a session; any thread. All of them only grow. A request counts as answered when its reply is there: small ones of
 * a client with many requests wait for each other before they are written, at most until their wake-up has ended.
 */
public final class FuseStatistics {
    /** The kinds of requests that are told apart. */
    public enum Kind {
        READ,
        WRITE,
        FLUSH,
        OTHER
    }

    private static final class Counters {
        final LatencyHistogram latencies = new LatencyHistogram();
        final LongAdder errors = new LongAdder();
        final LongAdder bytes = new LongAdder();
        final LongAdder nanos = new LongAdder();
    }

    private final Counters[] counters = {new Counters(), new Counters(), new Counters(), new Counters()};
    private final LongAdder pauses = new LongAdder();
    private final LongAdder malformed = new LongAdder();
    private final LongAdder resident = new LongAdder();

    FuseStatistics() {}

    /** Requests that were answered with success. */
    public long requests(Kind kind) {
        return counters[kind.ordinal()].latencies.count();
    }

    /** Requests that were answered with an errno, those that were malformed or unknown apart. */
    public long errors(Kind kind) {
        return counters[kind.ordinal()].errors.sum();
    }

    /** Bytes that successful requests transferred. */
    public long bytes(Kind kind) {
        return counters[kind.ordinal()].bytes.sum();
    }

    /** Nanoseconds from receiving to answering, summed over the successful requests. */
    public long nanos(Kind kind) {
        return counters[kind.ordinal()].nanos.sum();
    }

    /**
     * The successful requests by the time from receiving to answering: element i counts those that took from 2^i to below
     * 2^(i+1) nanoseconds, the first one also those below, the last one also those above. A copy.
     */
    public long[] latencies(Kind kind) {
        return counters[kind.ordinal()].latencies.counts();
    }

    /** How often reading stopped because the budget was used up. */
    public long pauses() {
        return pauses.sum();
    }

    /** Requests that were refused because they were not well-formed. */
    public long malformed() {
        return malformed.sum();
    }

    /** READs that were answered with data where it lay in memory, without a copy. */
    public long residentReads() {
        return resident.sum();
    }

    void answeredResident() {
        resident.increment();
    }

    void completed(FuseOpcode opcode, int bytes, long nanos) {
        Counters of = counters[kindOf(opcode).ordinal()];
        of.latencies.add(nanos);
        of.nanos.add(nanos);
        if (bytes > 0) {
            of.bytes.add(bytes);
        }
    }

    void failed(FuseOpcode opcode) {
        counters[kindOf(opcode).ordinal()].errors.increment();
    }

    void paused() {
        pauses.increment();
    }

    void countMalformed() {
        malformed.increment();
    }

    private static Kind kindOf(FuseOpcode opcode) {
        return switch (opcode) {
            case READ -> Kind.READ;
            case WRITE -> Kind.WRITE;
            case FSYNC, FLUSH -> Kind.FLUSH;
            default -> Kind.OTHER;
        };
    }
}
