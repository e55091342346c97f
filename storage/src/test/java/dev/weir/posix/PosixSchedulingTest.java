package dev.weir.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PosixSchedulingTest {
    private static int processor(String stat) {
        byte[] bytes = stat.getBytes(StandardCharsets.US_ASCII);
        return PosixScheduling.processor(ByteBuffer.wrap(bytes), bytes.length);
    }

    private static String stat(String name, String processor) {
        return "17 (" + name + ") S" + " 0".repeat(35) + " " + processor + " 0 0 0\n";
    }

    @Test
    void theProcessorIsThe39thFieldWhateverTheNameIs() {
        assertThat(processor(stat("fio", "3"))).isEqualTo(3);
        assertThat(processor(stat(") 1 (", "127"))).isEqualTo(127);
    }

    @Test
    void whatIsNotAStatLineNamesNoProcessor() {
        assertThat(processor("")).isEqualTo(PosixScheduling.UNKNOWN);
        assertThat(processor("17 (fio) S 0 0")).isEqualTo(PosixScheduling.UNKNOWN);
        assertThat(processor("17 fio S" + " 1".repeat(40))).isEqualTo(PosixScheduling.UNKNOWN);
        assertThat(processor(stat("fio", "x"))).isEqualTo(PosixScheduling.UNKNOWN);
    }

    @Test
    void theKernelNamesTheProcessorOfARunningThread() throws Exception {
        int self = Integer.parseInt(
                Files.readSymbolicLink(Path.of("/proc/self")).getFileName().toString());
        assertThat(PosixScheduling.lastProcessor(self)).isNotNegative();
        assertThat(PosixScheduling.lastProcessor(0)).isEqualTo(PosixScheduling.UNKNOWN);
        assertThat(PosixScheduling.lastProcessor(Integer.MAX_VALUE)).isEqualTo(PosixScheduling.UNKNOWN);
    }

    @Test
    void aThreadGoesToEachProcessorAndMayLeaveAgain() throws Exception {
        int processors = Runtime.getRuntime().availableProcessors();
        assumeTrue(processors > 1, "one processor");
        var result = new CompletableFuture<Void>();
        var thread = new Thread(() -> {
            try {
                String before = allowed();
                for (int i = 0; i < 4; i++) {
                    int there = i % 2;
                    if (!PosixScheduling.stayOn(
                            there,
                            () -> assertThat(PosixScheduling.currentProcessor()).isEqualTo(there))) {
                        // Restricted to others than the first two.
                        break;
                    }
                    assertThat(PosixScheduling.moveTo(there)).isTrue();
                }
                assertThat(allowed()).isEqualTo(before);
                assertThat(PosixScheduling.moveTo(1023)).isFalse();
                assertThat(PosixScheduling.moveTo(-1)).isFalse();
                assertThat(PosixScheduling.moveTo(1024)).isFalse();
                assertThat(allowed()).isEqualTo(before);
                result.complete(null);
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        thread.start();
        result.get();
    }

    private static String allowed() {
        try {
            return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
                    .filter(line -> line.startsWith("Cpus_allowed:"))
                    .findFirst()
                    .orElseThrow();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** On a thread of its own, since not everybody may go back. */
    @Test
    void aThreadGivesWayAndTakesProcessorsAsItLikes() throws Exception {
        var result = new CompletableFuture<Void>();
        var thread = new Thread(() -> {
            try {
                int usual = PosixScheduling.nice();
                assertThat(PosixScheduling.nice(19)).isTrue();
                assertThat(PosixScheduling.nice()).isEqualTo(19);
                if (PosixScheduling.nice(usual)) {
                    assertThat(PosixScheduling.nice()).isEqualTo(usual);
                }

                boolean was = PosixScheduling.batch(false);
                assertThat(PosixScheduling.batch(false)).isFalse();
                assertThat(PosixScheduling.batch(true)).isTrue();
                assertThat(PosixScheduling.batch(true)).isFalse();
                PosixScheduling.batchLikeProcess();
                assertThat(PosixScheduling.batch(true)).isEqualTo(!was);
                result.complete(null);
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        thread.start();
        result.get();
    }

    @Test
    void sleepingIsASwitch() throws Exception {
        long before = PosixScheduling.switches();
        Thread.sleep(2);
        assertThat(PosixScheduling.switches()).isGreaterThan(before);
    }
}
