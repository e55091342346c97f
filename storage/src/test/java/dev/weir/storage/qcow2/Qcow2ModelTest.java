package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.QemuImg;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Random scripts of a guest against what a disk must contain, over many kinds of images. */
class Qcow2ModelTest {
    private static final Logger log = LoggerFactory.getLogger(Qcow2ModelTest.class);
    private static final int SECONDS = 45;
    private static final int WANTED = 1_000_000;
    private static final int OPERATIONS = 400;
    static final List<String> SHAPES = List.of(
            "raw size=256",
            "size=128 cluster_size=512",
            "size=512 cluster_size=4k",
            "size=1024 cluster_size=64k",
            "size=5000 cluster_size=2M",
            "size=128 cluster_size=512 compat=0.10",
            "size=512 cluster_size=4k compat=0.10 backing=300",
            "size=512 cluster_size=4k refcount_bits=1 filled",
            "size=128 cluster_size=512 refcount_bits=64 filled",
            "size=512 cluster_size=4k refcount_bits=2 open=detect-zeroes=unmap",
            "size=512 cluster_size=16k extended_l2=on",
            "size=1024 cluster_size=64k extended_l2=on backing=700 filled",
            "size=512 cluster_size=16k extended_l2=on snapshots",
            "size=256 cluster_size=4k backing=300",
            "size=256 cluster_size=512 backing=100 filled",
            "size=512 cluster_size=4k snapshots",
            "size=128 cluster_size=512 snapshots compat=0.10",
            "size=512 cluster_size=4k takes",
            "size=512 cluster_size=16k extended_l2=on takes backing=300",
            "size=128 cluster_size=512 compat=0.10 takes",
            "size=256 cluster_size=4k compressed takes",
            "size=512 cluster_size=4k lazy_refcounts=on",
            "size=512 cluster_size=4k data_file=data.raw",
            "size=512 cluster_size=4k data_file=data.raw data_file_raw=on",
            "size=512 cluster_size=16k data_file=data.raw extended_l2=on backing=300",
            "size=512 cluster_size=4k preallocation=metadata",
            "size=256 cluster_size=512 open=discard-no-unref=on",
            "size=512 cluster_size=4k compressed compression_type=zlib",
            "size=512 cluster_size=16k compressed compression_type=zstd extended_l2=on");

    @BeforeAll
    static void assumeQemu() {
        QemuImg.assumeInstalled();
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void agreesWithAModel() throws InterruptedException {
        var operations = new AtomicLong();
        var budget = new Budget(SECONDS, () -> operations.get() >= Long.getLong("weir.qcow2.operations", WANTED));
        budget.spend(number -> {
            String shape = SHAPES.get((int) (number % SHAPES.size()));
            ModelRun run = ModelRun.of(shape, budget.seed(number), OPERATIONS);
            String failure = run.failure();
            if (failure != null) {
                log.error("{}, seed {}: {}", shape, run.seed(), failure);
                ModelRun shrunk = run.shrunk();
                throw new AssertionError(failure + "\nthe smallest part that fails: " + shrunk.failure()
                        + "\nagain with -Dtest=Qcow2ModelTest#replays '-Dweir.qcow2.replay=" + shrunk + "'");
            }
            operations.addAndGet(run.script().size());
        });
        log.info("{} operations", operations);
        assertThat(operations).hasValueGreaterThanOrEqualTo(Long.getLong("weir.qcow2.operations", WANTED));
    }

    /** Runs what a failure said, or what one would have said. */
    @Test
    void replays() {
        String example = ModelRun.of(SHAPES.get(1), 7, 20).toString();
        assertThat(ModelRun.parse(System.getProperty("weir.qcow2.replay", example))
                        .failure())
                .isNull();
    }
}
