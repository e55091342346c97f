package dev.weir.benchmarks;

/** Pseudo-random offsets inside of the image, the same ones in every run. One thread. */
final class Offsets {
    private long state = 0x9E3779B97F4A7C15L;

    /** A multiple of {@code size}, a power of two, such that a request of that size ends inside. */
    long next(int size) {
        state ^= state << 13;
        state ^= state >>> 7;
        state ^= state << 17;
        return state & RawNode.LENGTH - size;
    }
}
