package dev.weir.engine.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class LatenciesTest {
    private static Latencies of(String counts) throws Exception {
        return Latencies.of(new ObjectMapper().readTree(counts));
    }

    @Test
    void percentilesLieWhereTheRequestsAre() throws Exception {
        Latencies latencies = of("[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 90, 0, 9, 1]");

        assertThat(latencies.count()).isEqualTo(100);
        assertThat(latencies.percentile(0.45)).isEqualTo(1536, within(1e-6));
        assertThat(latencies.percentile(0.9)).isEqualTo(2048, within(1e-6));
        assertThat(latencies.percentile(0.99)).isEqualTo(8192, within(1e-6));
        assertThat(latencies.percentile(1)).isEqualTo(16384, within(1e-6));
        assertThat(Latencies.NONE.percentile(0.5)).isZero();
    }

    @Test
    void sumsAndDifferencesMindTheLength() throws Exception {
        assertThat(of("[1, 2]").plus(of("[0, 0, 3]")).count()).isEqualTo(6);
        assertThat(of("[1, 2, 3]").since(of("[1, 1]")).count()).isEqualTo(4);
        assertThat(of("[1, 2]").since(of("[0, 0, 3]")).count()).isEqualTo(3);
    }
}
