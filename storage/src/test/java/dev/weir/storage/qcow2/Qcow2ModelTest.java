package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.QemuImg;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Random scripts of a guest against what a disk must contain, over many kinds of images. */
class Qcow2ModelTest {
    private static final Logger log = LoggerFactory.getLogger(Qcow2ModelTest.class);
    private static final int SECONDS = 45;
    private static final int OPERATIONS = 400;
    static final List<String> SHAPES = List.of("raw size=256", "raw size=1024");

    @BeforeAll
    static void assumeQemu() {
        QemuImg.assumeInstalled();
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void agreesWithAModel() throws InterruptedException {
        var budget = new Budget(SECONDS, SHAPES.size());
        var operations = new AtomicLong();
        budget.spend(number -> {
            String shape = SHAPES.get((int) (number % SHAPES.size()));
            ModelRun run = ModelRun.of(shape, budget.seed(number), OPERATIONS);
            String failure = run.failure();
            if (failure != null) {
                ModelRun shrunk = run.shrunk();
                throw new AssertionError(failure + "\nthe smallest part that fails: " + shrunk.failure()
                        + "\nagain with -Dtest=Qcow2ModelTest#replays '-Dweir.qcow2.replay=" + shrunk + "'");
            }
            operations.addAndGet(run.script().size());
        });
        log.info("{} operations", operations);
        assertThat(operations).hasValueGreaterThan(OPERATIONS);
    }

    /** What a failure said. */
    @Test
    @EnabledIfSystemProperty(named = "weir.qcow2.replay", matches = ".+")
    void replays() {
        assertThat(ModelRun.parse(System.getProperty("weir.qcow2.replay", "")).failure())
                .isNull();
    }
}
