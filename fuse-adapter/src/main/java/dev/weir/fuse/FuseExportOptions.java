package dev.weir.fuse;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;

/** How a block backend is exported. Immutable. */
public final class FuseExportOptions {
    private final Path mountpoint;
    private final String source;
    private final boolean writable;
    private final boolean growable;
    private final AllowOther allowOther;
    private final boolean writethrough;
    private final KernelCache kernelCache;
    private final Passthrough passthrough;
    private final boolean clientAffinity;
    private final boolean spareQueues;
    private final long maxInFlightBytes;
    private final int maxInFlightRequests;
    private final Duration shutdownTimeout;

    private FuseExportOptions(Builder builder) {
        this.mountpoint = builder.mountpoint;
        this.source = builder.source;
        this.writable = builder.writable;
        this.growable = builder.growable;
        this.allowOther = builder.allowOther;
        this.writethrough = builder.writethrough;
        this.kernelCache = builder.kernelCache;
        this.passthrough = builder.passthrough;
        this.clientAffinity = builder.clientAffinity;
        this.spareQueues = builder.spareQueues;
        this.maxInFlightBytes = builder.maxInFlightBytes;
        this.maxInFlightRequests = builder.maxInFlightRequests;
        this.shutdownTimeout = builder.shutdownTimeout;
    }

    /** @param mountpoint a regular file that exists; the image file itself will do */
    public static Builder at(Path mountpoint) {
        return new Builder(mountpoint);
    }

    /** As it was given; {@link FuseExport#mountpoint} is the canonical path. */
    public Path mountpoint() {
        return mountpoint;
    }

    /** What stands in the first column of the mount table. */
    public String source() {
        return source;
    }

    /** Whether clients may write. */
    public boolean writable() {
        return writable;
    }

    /** Whether writes past the end grow the image. */
    public boolean growable() {
        return growable;
    }

    /** Who may use the file. */
    public AllowOther allowOther() {
        return allowOther;
    }

    /** Whether each write is on stable storage before it is answered. */
    public boolean writethrough() {
        return writethrough;
    }

    /** Whether readers use the kernel's page cache. */
    public KernelCache kernelCache() {
        return kernelCache;
    }

    /** Whether the kernel reads the image's file by itself for clients that only read. */
    public Passthrough passthrough() {
        return passthrough;
    }

    /** Whether event loops go to the processor of a client that waits for each answer. */
    public boolean clientAffinity() {
        return clientAffinity;
    }

    /** Whether queues but the first listen only while there is more than one can do. */
    public boolean spareQueues() {
        return spareQueues;
    }

    /** Budget for the memory of requests in flight, in bytes, per queue. */
    public long maxInFlightBytes() {
        return maxInFlightBytes;
    }

    /** Most requests in flight, per queue. */
    public int maxInFlightRequests() {
        return maxInFlightRequests;
    }

    /** How long a shutdown waits for requests in flight before it gives them up. */
    public Duration shutdownTimeout() {
        return shutdownTimeout;
    }

    /** Collects options; each setter checks its own value. Not safe for use by several threads at once. */
    public static final class Builder {
        /** So that the end of it can be reckoned in nanoseconds. */
        private static final Duration LONGEST = Duration.ofDays(36_500);

        private final Path mountpoint;
        private String source = "weir";
        private boolean writable;
        private boolean growable;
        private AllowOther allowOther = AllowOther.AUTO;
        private boolean writethrough;
        private KernelCache kernelCache = KernelCache.OFF;
        private Passthrough passthrough = Passthrough.OFF;
        private boolean clientAffinity = true;
        private boolean spareQueues;
        private long maxInFlightBytes = 64 << 20;
        private int maxInFlightRequests = 1024;
        private Duration shutdownTimeout = Duration.ofSeconds(10);

        private Builder(Path mountpoint) {
            this.mountpoint = Objects.requireNonNull(mountpoint, "mountpoint");
        }

        /** What stands in the first column of the mount table. Defaults to {@code weir}. */
        public Builder source(String source) {
            this.source = Objects.requireNonNull(source, "source");
            return this;
        }

        /** Whether clients may write. Defaults to false. */
        public Builder writable(boolean writable) {
            this.writable = writable;
            return this;
        }

        /** Whether writes past the end grow the image; {@code ftruncate} and {@code fallocate} do so anyway. Defaults to false. */
        public Builder growable(boolean growable) {
            this.growable = growable;
            return this;
        }

        /** Who may use the file. Defaults to {@link AllowOther#AUTO}. */
        public Builder allowOther(AllowOther allowOther) {
            this.allowOther = Objects.requireNonNull(allowOther, "allowOther");
            return this;
        }

        /** Whether each write is on stable storage before it is answered. Defaults to false. */
        public Builder writethrough(boolean writethrough) {
            this.writethrough = writethrough;
            return this;
        }

        /** Whether readers use the kernel's page cache. Defaults to {@link KernelCache#OFF}. */
        public Builder kernelCache(KernelCache kernelCache) {
            this.kernelCache = Objects.requireNonNull(kernelCache, "kernelCache");
            return this;
        }

        /**
         * Whether the kernel reads the image's file by itself for clients that only read. Excludes the kernel's cache;
         * and {@code ON} excludes writethrough, of which mappings know nothing.
         * Defaults to {@link Passthrough#OFF}.
         */
        public Builder passthrough(Passthrough passthrough) {
            this.passthrough = Objects.requireNonNull(passthrough, "passthrough");
            return this;
        }

        /**
         * Whether an event loop moves to the processor of a client that waits for each answer before it asks again, where
         * that takes a fraction of the time; the set of processors that its thread may use stays what it is. On a machine
         * with two processors a thread of low priority keeps the other one busy meanwhile. While clients have several requests at
         * once, the thread has the policy SCHED_BATCH, unless it had another than SCHED_OTHER before: it does not take the
         * processor from them, and answers more of them together. Defaults to true.
         */
        public Builder clientAffinity(boolean clientAffinity) {
            this.clientAffinity = clientAffinity;
            return this;
        }

        /**
         * Whether queues but the first, where there are any, listen only while large requests (128 KiB or more) come
         * together, or eight or more wait for storage, and for 50 ms after. Several loops copy large data faster than one;
         * small requests of one client are served best by one loop. Where such a queue cannot be had, the export does
         * without. Defaults to false: all queues listen all the time.
         */
        public Builder spareQueues(boolean spareQueues) {
            this.spareQueues = spareQueues;
            return this;
        }

        /**
         * Budget for the memory of requests in flight, in bytes, per queue; at least 1. A request that is larger is served
         * alone. Queues share the budget of their engine besides; no queue needs room for more than that, and it may be
         * at most the JVM's direct memory. Defaults to 64 MiB.
         */
        public Builder maxInFlightBytes(long maxInFlightBytes) {
            if (maxInFlightBytes < 1) {
                throw new IllegalArgumentException("maxInFlightBytes must be at least 1, was " + maxInFlightBytes);
            }
            this.maxInFlightBytes = maxInFlightBytes;
            return this;
        }

        /** Most requests in flight, per queue; from 1 to 65536. Defaults to 1024. */
        public Builder maxInFlightRequests(int maxInFlightRequests) {
            if (maxInFlightRequests < 1 || maxInFlightRequests > 65536) {
                throw new IllegalArgumentException(
                        "maxInFlightRequests must be from 1 to 65536, was " + maxInFlightRequests);
            }
            this.maxInFlightRequests = maxInFlightRequests;
            return this;
        }

        /**
         * How long a shutdown waits for requests in flight before it gives them up. A second is the least, also where less is
         * asked for. Defaults to 10 s.
         */
        public Builder shutdownTimeout(Duration shutdownTimeout) {
            if (shutdownTimeout.isNegative()) {
                throw new IllegalArgumentException("shutdownTimeout must not be negative, was " + shutdownTimeout);
            }
            this.shutdownTimeout = shutdownTimeout.compareTo(LONGEST) < 0 ? shutdownTimeout : LONGEST;
            return this;
        }

        /**
         * The options as they are now; the builder may be used on.
         *
         * @throws IllegalArgumentException where options exclude each other
         */
        public FuseExportOptions build() {
            if (passthrough != Passthrough.OFF && kernelCache != KernelCache.OFF) {
                throw new IllegalArgumentException("passthrough="
                        + passthrough.name().toLowerCase(Locale.ROOT) + " and kernel-cache="
                        + kernelCache.name().toLowerCase(Locale.ROOT) + " exclude each other");
            }
            if (passthrough == Passthrough.ON && writethrough) {
                throw new IllegalArgumentException("passthrough=on and writethrough=on exclude each other");
            }
            return new FuseExportOptions(this);
        }
    }
}
