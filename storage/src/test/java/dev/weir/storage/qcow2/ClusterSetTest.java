package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;

class ClusterSetTest {
    @Test
    void clustersFarApartTakeBoundedMemory() {
        ClusterSet set = new ClusterSet();

        assertThatExceptionOfType(Corruption.class).isThrownBy(() -> {
            for (long cluster = 0; cluster < 1L << 39; cluster += 1 << 15) {
                set.add(cluster);
                assertThat(cluster).isLessThan(1L << 32);
            }
        });
    }
}
