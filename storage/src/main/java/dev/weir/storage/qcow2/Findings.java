package dev.weir.storage.qcow2;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** What a check finds; the first findings in words. Not thread-safe. */
final class Findings {
    private static final int MAX_MESSAGES = 1000;

    private final List<String> messages = new ArrayList<>();

    /** Wrong entries and counts that are too low. */
    long corruptions;

    /** Counts that are too high. */
    long leaks;

    /** Tables that could not be read. */
    long unreadable;

    /** Clusters whose refcount cannot be known. */
    long uncounted;

    void corruption(long times, Supplier<String> message) {
        corruptions += times;
        tell(message);
    }

    void leak(Supplier<String> message) {
        leaks++;
        tell(message);
    }

    void unreadable(Supplier<String> message) {
        unreadable++;
        tell(message);
    }

    void tell(Supplier<String> message) {
        if (messages.size() < MAX_MESSAGES) {
            messages.add(message.get());
        }
    }

    List<String> messages() {
        return messages;
    }

    static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
