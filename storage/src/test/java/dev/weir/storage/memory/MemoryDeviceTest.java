package dev.weir.storage.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.Extent;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

class MemoryDeviceTest {
    private static final int CHUNK = 64 << 10;
    private static final long TIB = 1L << 40;

    private final Queue<Runnable> pool = new ArrayDeque<>();
    private final List<String> ends = new ArrayList<>();
    private long used;
    private boolean none;
    private int asked;

    private final MemoryDevice device =
            new MemoryDevice(8 * TIB, new ChunkMemory(() -> used, 1 << 20, this::allocate), pool::add);

    private ByteBuffer allocate(int bytes) {
        asked++;
        if (none) {
            throw new OutOfMemoryError("made up");
        }
        used += bytes;
        return ByteBuffer.allocateDirect(bytes);
    }

    private void start(Mono<Void> operation) {
        operation.subscribe(
                nothing -> {},
                failure -> ends.add(((BlockException) failure).kind().toString()),
                () -> ends.add("done"));
    }

    private void write(long offset) {
        start(device.write(offset, ByteBuffer.allocateDirect(1), WriteFlag.NONE));
    }

    @Test
    void whatFindsMemoryIsDoneAtOnce() {
        write(0);

        assertThat(ends).containsExactly("done");
        assertThat(pool).isEmpty();
    }

    @Test
    void theCallerDoesNotWaitForMemory() {
        used = 1 << 20;
        write(0);
        assertThat(ends).isEmpty();
        assertThat(asked).isZero();

        pool.remove().run();
        assertThat(ends).containsExactly("done");
        write(1);
        assertThat(pool).as("what needs no memory does not wait").isEmpty();
        assertThat(ends).containsExactly("done", "done");
    }

    @Test
    void whereThereIsNoneThatIsBelievedForAWhile() {
        used = 1 << 20;
        none = true;
        write(0);
        write(CHUNK);
        pool.remove().run();
        pool.remove().run();

        assertThat(ends).containsExactly(BlockErrorKind.NO_MEMORY.toString(), BlockErrorKind.NO_MEMORY.toString());
        assertThat(asked).isEqualTo(1);
        assertThat(device.allocatedBytes().block()).isZero();

        used = 0;
        none = false;
        write(0);
        assertThat(ends).endsWith("done");
    }

    @Test
    void theCallerDoesNotPreallocateByItself() {
        start(device.truncate(8 * TIB + 2 * CHUNK, PreallocMode.FALLOC));
        assertThat(ends).isEmpty();

        pool.remove().run();
        assertThat(ends).containsExactly("done");
        assertThat(device.allocatedBytes().block()).isEqualTo(2 * CHUNK);
    }

    @Test
    void dataBehindAHugeHoleIsFoundByOneLook() {
        long last = 8 * TIB - 1;
        write(last);

        assertThat(device.blockStatus(1, 8 * TIB - 1).block()).isEqualTo(Extent.hole(1, 8 * TIB - CHUNK - 1));
        assertThat(device.blockStatus(last, 1).block()).isEqualTo(Extent.data(last, 1));
        assertThat(device.blockStatus(0, 100).block()).isEqualTo(Extent.hole(0, 100));
    }

    @Test
    void runsAgreeWithASet() {
        var runs = new ChunkRuns();
        var model = new TreeSet<Long>();
        var random = new java.util.Random(7);
        for (int i = 0; i < 20_000; i++) {
            long number = random.nextInt(40);
            if (model.add(number)) {
                runs.add(number);
            } else {
                model.remove(number);
                runs.remove(number);
            }
            long from = random.nextInt(40);
            boolean stored = model.contains(from);
            long end = from;
            while (end < 40 && model.contains(end) == stored) {
                end++;
            }
            long expected = stored ? end : ~(end == 40 ? Long.MAX_VALUE : end);
            assertThat(runs.end(from)).isEqualTo(expected);
        }
    }
}
