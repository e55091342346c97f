package dev.weir.storage.qcow2;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A script on an image of some shape, all of it from a seed; it can be repeated, with parts of the script left out.
 *
 * @param shape of {@link TestImage.Shape}
 * @param depth how many requests may be in flight
 */
record ModelRun(String shape, long seed, int depth, List<GuestOp> script) {
    private static final int SETTLE_EVERY = 12;
    private static final long MOST_NANOS = 20_000_000_000L;

    /** What that seed makes of the shape. */
    static ModelRun of(String shape, long seed, int count) {
        var random = new Random(seed);
        TestImage.Shape parsed = new TestImage.Shape(shape);
        int unit = random.nextInt(4) == 0 ? 1 : 512;
        int largest = largest(parsed);
        var mix = new GuestOp.Mix(
                parsed.size(), unit, parsed.clusterSize(), largest, resizable(parsed), true, parsed.has("takes"));
        List<GuestOp> script = mix.script(random, count, SETTLE_EVERY << random.nextInt(3));
        return new ModelRun(shape, seed, 1 + random.nextInt(8), script);
    }

    private static boolean resizable(TestImage.Shape shape) {
        // Nothing in an image of version 2 can hide what a backing file has there.
        boolean hides = !shape.version2() || shape.backing() == 0;
        return hides && !shape.has("snapshots") && !shape.has("takes");
    }

    private static int largest(TestImage.Shape shape) {
        return Math.max(16 << 10, Math.min(shape.size() / 2, 3 * shape.clusterSize()));
    }

    /** Does it. Null where all was as it must be. */
    @Nullable
    String failure() {
        TestImage image = TestImage.make(shape);
        var run = new GuestRun(image, seed, depth, largest(image.shape()), true).withoutLog();
        try {
            run.open();
            run.run(script);
            run.settle();
            run.lookAtAll();
            run.close();
            ImageVerdict verdict = ImageVerdict.of(image);
            return verdict.clean() ? null : "after a clean close: " + verdict.text();
        } catch (AssertionError | RuntimeException e) {
            return String.valueOf(e);
        }
    }

    /** A part of it that fails too, from which nothing can be left out. */
    ModelRun shrunk() {
        List<GuestOp> smallest = script;
        long end = System.nanoTime() + MOST_NANOS;
        for (int size = Math.max(1, script.size() / 2); size >= 1; ) {
            boolean shrank = false;
            for (int from = 0; from < smallest.size() && System.nanoTime() < end; ) {
                List<GuestOp> part = new ArrayList<>(smallest.subList(0, from));
                part.addAll(smallest.subList(Math.min(smallest.size(), from + size), smallest.size()));
                if (new ModelRun(shape, seed, depth, part).failure() != null) {
                    smallest = part;
                    shrank = true;
                } else {
                    from += size;
                }
            }
            if (System.nanoTime() >= end || size == 1 && !shrank) {
                break;
            }
            size = shrank ? Math.min(size, Math.max(1, smallest.size() / 2)) : size / 2;
        }
        return new ModelRun(shape, seed, depth, smallest);
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return shape + "|" + seed + "|" + depth + "|"
                + String.join(";", script.stream().map(GuestOp::toString).toList());
    }

    static ModelRun parse(String text) {
        String[] parts = text.split("\\|", -1);
        return new ModelRun(parts[0], Long.parseLong(parts[1]), Integer.parseInt(parts[2]), GuestOp.parse(parts[3]));
    }
}
