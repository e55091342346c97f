package dev.weir.storage.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.file.RangeCalls.Call;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** On file systems that lack some of the calls. */
class RangeCallsTest {
    private final Set<Call> lacking = EnumSet.of(Call.ZERO_RANGE);
    private final List<Call> done = new ArrayList<>();
    private final RangeCalls ranges = new RangeCalls(
            new OpenFile("image", -1, false, false, false, FileSystemType.OTHER, false, 4096, BlockLimits.BYTES),
            this::call);

    private void call(Call call, long offset, long length) throws PosixException {
        if (lacking.contains(call)) {
            throw new PosixException(Errno.EOPNOTSUPP, "fallocate");
        }
        done.add(call);
    }

    @Test
    void withoutFallbackNothingIsPunchedThatCannotBeAllocatedAgain() {
        lacking.add(Call.ALLOCATE);

        assertThatThrownBy(() -> ranges.zero(0, 4096, false, true))
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(BlockErrorKind.UNSUPPORTED));

        assertThat(done).isEmpty();
    }

    @Test
    void withoutFallbackPunchingAndAllocatingZeroes() throws PosixException {
        ranges.zero(0, 4096, false, true);

        assertThat(done).containsExactly(Call.ALLOCATE, Call.PUNCH_HOLE, Call.ALLOCATE);
    }

    @Test
    void withFallbackWhatIsPunchedMayBeWrittenAfterwards() throws PosixException {
        ranges.zero(0, 4096, false, false);

        assertThat(done).containsExactly(Call.PUNCH_HOLE, Call.ALLOCATE);
    }
}
