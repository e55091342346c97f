package dev.weir.storage.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.throttle.ThrottleLimits.Rate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The texts are those of qemu-storage-daemon 11.1. */
class ThrottleLimitsTest {
    private static final String OVERLAP =
            "bps/iops/max total values and read/write values cannot be used at the same time";
    private static final String RANGE = "bps/iops/max values must be within [0, 1000000000000000]";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            iops-total=100,limits.iops-read=5 | bps/iops/max total values and read/write values cannot be used at the same time
            bps-total=100,limits.bps-write=5 | bps/iops/max total values and read/write values cannot be used at the same time
            iops-total-max=5,limits.iops-read-max=5 | bps/iops/max total values and read/write values cannot be used at the same time
            bps-total=-1,limits.iops-total=5,limits.iops-read=5 | bps/iops/max total values and read/write values cannot be used at the same time
            iops-size=4096 | iops size requires an iops value to be set
            iops-size=-5 | iops size requires an iops value to be set
            bps-total-max-length=0,limits.iops-size=5 | iops size requires an iops value to be set
            iops-total=-1 | bps/iops/max values must be within [0, 1000000000000000]
            iops-total=1000000000000001 | bps/iops/max values must be within [0, 1000000000000000]
            iops-read=5,limits.iops-read-max=-1 | bps/iops/max values must be within [0, 1000000000000000]
            bps-write-max=5,limits.bps-total=-1 | bps/iops/max values must be within [0, 1000000000000000]
            iops-total-max-length=0 | the burst length cannot be 0
            iops-total=10,limits.iops-total-max=100,limits.iops-total-max-length=0 | the burst length cannot be 0
            iops-total=5,limits.iops-total-max-length=5 | burst length set without burst rate
            iops-total-max-length=-1 | burst length set without burst rate
            bps-total-max=300000,limits.bps-total-max-length=4294967295 | burst length too high for this burst rate
            iops-total=10,limits.iops-total-max=50,limits.iops-total-max-length=-1 | burst length too high for this burst rate
            iops-total=10,limits.iops-total-max=1000000000000000,limits.iops-total-max-length=5 | burst length too high for this burst rate
            iops-total-max=5 | bps_max/iops_max require corresponding bps/iops values
            bps-total-max=3,limits.bps-total-max-length=4000000000 | bps_max/iops_max require corresponding bps/iops values
            iops-total=50,limits.iops-total-max=5 | bps_max/iops_max cannot be lower than bps/iops
            iops-total-max-length=5000000000 | iops-total-max-length value must be in the range [0, 4294967295]
            bps-write-max-length=4294967296,limits.bps-read-max-length=0 | bps-write-max-length value must be in the range [0, 4294967295]
            bps-total=abc | Parameter 'limits.bps-total' expects integer
            bps-total= | Parameter 'limits.bps-total' expects integer
            bps-total=1M | Parameter 'limits.bps-total' expects integer
            iops-total=99999999999999999999 | Parameter 'limits.iops-total' expects integer
            iops-total.x=1 | Invalid parameter type for 'limits.iops-total', expected: integer
            foo=1 | Parameter 'limits.foo' is unexpected
            bps-total-max=3,limits.foo=1 | Parameter 'limits.foo' is unexpected
            """)
    void refusesWhatQemuRefuses(String options, String message) {
        assertThatThrownBy(() -> change(ThrottleLimits.NONE, "limits." + options))
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(BlockErrorKind.INVALID))
                .hasMessage(message);
    }

    @Test
    void limitsAreAStruct() {
        assertThatThrownBy(() -> change(ThrottleLimits.NONE, "limits=5"))
                .hasMessage("Invalid parameter type for 'limits', expected: object");
    }

    @Test
    void numbersOfJsonAreNoTexts() {
        var limits = NodeOptions.builder().typed().set("iops-total", "100").build();
        var options = NodeOptions.builder().typed().set("limits", limits).build();
        assertThatThrownBy(() -> ThrottleLimits.NONE.with(new OptionReader(options)))
                .hasMessage("Invalid parameter type for 'limits.iops-total', expected: integer");
    }

    @Test
    void bindsEveryKey() {
        var limits = change(
                ThrottleLimits.NONE,
                "limits.bps-read=1,limits.bps-read-max=2,limits.bps-read-max-length=3,"
                        + "limits.bps-write=4,limits.bps-write-max=5,limits.bps-write-max-length=6,"
                        + "limits.iops-total=7,limits.iops-total-max=8,limits.iops-total-max-length=9,limits.iops-size=10");
        assertThat(limits)
                .isEqualTo(new ThrottleLimits(
                        Rate.NONE, new Rate(1, 2, 3), new Rate(4, 5, 6), new Rate(7, 8, 9), Rate.NONE, Rate.NONE, 10));
        assertThat(change(
                        ThrottleLimits.NONE,
                        "limits.bps-total=1,limits.bps-total-max=2,limits.bps-total-max-length=3,"
                                + "limits.iops-read=4,limits.iops-read-max=5,limits.iops-read-max-length=6,"
                                + "limits.iops-write=7,limits.iops-write-max=8,limits.iops-write-max-length=9"))
                .isEqualTo(new ThrottleLimits(
                        new Rate(1, 2, 3), Rate.NONE, Rate.NONE, Rate.NONE, new Rate(4, 5, 6), new Rate(7, 8, 9), 0));
    }

    @Test
    void aChangeKeepsWhatItDoesNotName() {
        var limits = change(ThrottleLimits.NONE, "limits.iops-read=5,limits.iops-size=4096");
        limits = change(limits, "limits.iops-read-max=50,limits.iops-read-max-length=3");
        assertThat(limits.iopsRead()).isEqualTo(new Rate(5, 50, 3));
        assertThat(limits.iopsSize()).isEqualTo(4096);
        assertThat(change(limits, "")).isEqualTo(limits);
        var before = limits;
        assertThatThrownBy(() -> change(before, "limits.iops-total=100")).hasMessage(OVERLAP);
        assertThatThrownBy(() -> change(before, "limits.bps-read=-1")).hasMessage(RANGE);
    }

    @Test
    void readsBackAllKeysInQemusNames() {
        var values = change(ThrottleLimits.NONE, "limits.iops-total=100,limits.iops-size=-1")
                .values();
        assertThat(values)
                .hasSize(19)
                .containsEntry("iops-total", 100L)
                .containsEntry("iops-total-max", 0L)
                .containsEntry("iops-total-max-length", 1L)
                .containsEntry("bps-write-max-length", 1L)
                .containsEntry("iops-size", -1L);
    }

    private static ThrottleLimits change(ThrottleLimits limits, String options) {
        var reader = new OptionReader(NodeOptions.parse(options));
        ThrottleLimits changed = limits.with(reader);
        reader.end();
        return changed;
    }
}
