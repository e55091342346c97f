package dev.weir.testing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class RequiredTestsTest {
    private final TestAbortedException skip = new TestAbortedException("no /dev/fuse");

    @Test
    void anIntegrationTestThatSkipsFailsWhereItIsRequired() {
        assertThat(RequiredTests.judge(SampleIT.Nested.class, skip, true))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("no /dev/fuse");
        assertThat(RequiredTests.judge(SampleIT.Nested.class, skip, false)).isSameAs(skip);
    }

    @Test
    void otherTestsMaySkip() {
        assertThat(RequiredTests.judge(RequiredTestsTest.class, skip, true)).isSameAs(skip);
    }

    @Test
    void failuresPass() {
        var failure = new IllegalStateException("broken");
        assertThat(RequiredTests.judge(SampleIT.Nested.class, failure, true)).isSameAs(failure);
    }
}

/** No test: its name is what counts. */
final class SampleIT {
    static final class Nested {}

    private SampleIT() {}
}
