package dev.weir.engine.cli.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ZeroRunsTest {
    private static List<String> runs(ByteBuffer buffer, int limit, int least) {
        var runs = new ZeroRuns(buffer, least);
        List<String> found = new ArrayList<>();
        while (runs.next(limit)) {
            found.add(runs.start() + "-" + runs.end());
        }
        return found;
    }

    @Test
    void findsWhatIsNotZeroInWholeBlocks() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 18);
        assertThat(runs(buffer, 1 << 18, 4096)).isEmpty();
        assertThat(runs(buffer, 0, 4096)).isEmpty();

        buffer.put(5000, (byte) 1).put(12_287, (byte) 1).put(200_000, (byte) 1);
        assertThat(runs(buffer, 1 << 18, 4096)).containsExactly("4096-12288", "196608-200704");
        assertThat(runs(buffer, 200_001, 4096)).containsExactly("4096-12288", "196608-200001");
        assertThat(runs(buffer, 200_000, 4096)).containsExactly("4096-12288");
        assertThat(runs(buffer, 200_001, 1 << 17)).containsExactly("0-200001");
    }

    @Test
    void missesNoByteAndTakesNoBlockOfZeroes() {
        var random = new Random(5);
        for (int round = 0; round < 500; round++) {
            int limit = 1 + random.nextInt(200_000);
            int least = 512 << random.nextInt(4);
            ByteBuffer buffer = ByteBuffer.allocateDirect(200_000);
            boolean[] blocks = new boolean[limit / least + 1];
            for (int i = random.nextInt(20); i > 0; i--) {
                int at = random.nextInt(limit);
                buffer.put(at, (byte) (1 + random.nextInt(255)));
                blocks[at / least] = true;
            }
            boolean[] found = new boolean[blocks.length];
            var runs = new ZeroRuns(buffer, least);
            while (runs.next(limit)) {
                assertThat(runs.end()).isLessThanOrEqualTo(limit);
                for (int at = runs.start(); at < runs.end(); at += least) {
                    found[at / least] = true;
                }
            }
            assertThat(found).as("round %d", round).isEqualTo(blocks);
        }
    }
}
