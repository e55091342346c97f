package dev.weir.storage.throttle;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * What a {@link ThrottleGroup} lets pass; QEMU's {@code ThrottleLimits}. The rate of all requests cannot be limited together
 * with that of reads or writes in the same unit. Immutable.
 *
 * @param bpsTotal bytes of all requests
 * @param bpsRead bytes of reads
 * @param bpsWrite bytes of writes, zeroed and discarded ranges included
 * @param iopsTotal all requests
 * @param iopsRead reads
 * @param iopsWrite writes
 * @param iopsSize bytes that count as one request: a larger one counts as so many; 0 or less counts each as one
 */
public record ThrottleLimits(
        Rate bpsTotal, Rate bpsRead, Rate bpsWrite, Rate iopsTotal, Rate iopsRead, Rate iopsWrite, long iopsSize) {
    /** The largest rate, and the most that a burst can hold. */
    public static final long MAX_VALUE = 1_000_000_000_000_000L;

    /** Everything passes. */
    public static final ThrottleLimits NONE =
            new ThrottleLimits(Rate.NONE, Rate.NONE, Rate.NONE, Rate.NONE, Rate.NONE, Rate.NONE, 0);

    private static final List<String> KEYS =
            List.of("bps-total", "bps-read", "bps-write", "iops-total", "iops-read", "iops-write");
    private static final String SIZE_KEY = "iops-size";
    private static final Option<OptionReader> LIMITS = Option.group(
            "limits",
            OptionSchema.of(Stream.concat(
                            KEYS.stream().flatMap(key -> Stream.of(key, key + "-max", key + "-max-length")),
                            Stream.of(SIZE_KEY))
                    .map(Option::integer)
                    .toList()));
    private static final long MAX_LENGTH = 0xffff_ffffL;

    /**
     * One leaky bucket.
     *
     * @param average units a second in the long run, or 0 for no limit
     * @param max units a second in a burst, or 0 for none; without one a tenth of a second's {@code average} may pass at once
     * @param maxLength how long a burst may last, in seconds, at least 1
     */
    public record Rate(long average, long max, long maxLength) {
        /** No limit. */
        public static final Rate NONE = new Rate(0, 0, 1);

        /** A limit without bursts. */
        public static Rate of(long average) {
            return new Rate(average, 0, 1);
        }
    }

    /** @throws BlockException of kind {@link BlockErrorKind#INVALID} with QEMU's text */
    public ThrottleLimits {
        List<Rate> rates = List.of(bpsTotal, bpsRead, bpsWrite, iopsTotal, iopsRead, iopsWrite);
        for (int i = 0; i < rates.size(); i++) {
            if (rates.get(i).maxLength > MAX_LENGTH) {
                throw invalid(KEYS.get(i) + "-max-length value must be in the range [0, " + MAX_LENGTH + "]");
            }
        }
        if (overlap(bpsTotal, bpsRead, bpsWrite) || overlap(iopsTotal, iopsRead, iopsWrite)) {
            throw invalid("bps/iops/max total values and read/write values cannot be used at the same time");
        }
        if (iopsSize != 0 && iopsTotal.average == 0 && iopsRead.average == 0 && iopsWrite.average == 0) {
            throw invalid("iops size requires an iops value to be set");
        }
        rates.forEach(ThrottleLimits::validate);
    }

    private static boolean overlap(Rate total, Rate read, Rate write) {
        return total.average != 0 && (read.average != 0 || write.average != 0)
                || total.max != 0 && (read.max != 0 || write.max != 0);
    }

    private static void validate(Rate rate) {
        if (!isValue(rate.average) || !isValue(rate.max)) {
            throw invalid("bps/iops/max values must be within [0, " + MAX_VALUE + "]");
        }
        if (rate.maxLength == 0) {
            throw invalid("the burst length cannot be 0");
        }
        if (rate.maxLength != 1 && rate.max == 0) {
            throw invalid("burst length set without burst rate");
        }
        if (rate.max != 0 && (rate.maxLength < 0 || rate.maxLength > MAX_VALUE / rate.max)) {
            throw invalid("burst length too high for this burst rate");
        }
        if (rate.max != 0 && rate.average == 0) {
            throw invalid("bps_max/iops_max require corresponding bps/iops values");
        }
        if (rate.max != 0 && rate.max < rate.average) {
            throw invalid("bps_max/iops_max cannot be lower than bps/iops");
        }
    }

    private static boolean isValue(long value) {
        return value >= 0 && value <= MAX_VALUE;
    }

    /** What {@link #with} reads. */
    public static OptionSchema options() {
        return OptionSchema.of(LIMITS);
    }

    /**
     * These limits with the changes that the struct {@code limits} of {@code options} makes: keys {@code bps-total},
     * {@code bps-total-max}, {@code bps-total-max-length} and so on for {@code bps-read}, {@code bps-write},
     * {@code iops-total}, {@code iops-read} and {@code iops-write}, and {@code iops-size}. What it does not name stays.
     *
     * @throws BlockException of kind {@link BlockErrorKind#INVALID} with QEMU's text
     */
    public ThrottleLimits with(OptionReader options) {
        OptionReader limits = options.get(LIMITS);
        List<Rate> rates = new ArrayList<>();
        for (int i = 0; i < KEYS.size(); i++) {
            String key = KEYS.get(i);
            Rate before = rates().get(i);
            rates.add(new Rate(
                    limits.integer(key).orElse(before.average),
                    limits.integer(key + "-max").orElse(before.max),
                    limits.integer(key + "-max-length").orElse(before.maxLength)));
        }
        OptionalLong size = limits.integer(SIZE_KEY);
        limits.end();
        return new ThrottleLimits(
                rates.get(0),
                rates.get(1),
                rates.get(2),
                rates.get(3),
                rates.get(4),
                rates.get(5),
                size.orElse(iopsSize));
    }

    /** All values by QEMU's keys, also those that limit nothing. */
    public Map<String, Long> values() {
        Map<String, Long> values = new LinkedHashMap<>();
        for (int i = 0; i < KEYS.size(); i++) {
            Rate rate = rates().get(i);
            values.put(KEYS.get(i), rate.average);
            values.put(KEYS.get(i) + "-max", rate.max);
            values.put(KEYS.get(i) + "-max-length", rate.maxLength);
        }
        values.put(SIZE_KEY, iopsSize);
        return Collections.unmodifiableMap(values);
    }

    private List<Rate> rates() {
        return List.of(bpsTotal, bpsRead, bpsWrite, iopsTotal, iopsRead, iopsWrite);
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
