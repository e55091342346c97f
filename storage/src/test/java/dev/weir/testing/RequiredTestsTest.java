package dev.weir.testing;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

class RequiredTestsTest {
    private final ExtensionContext unused = null;
    private final TestAbortedException skip = new TestAbortedException("no /dev/fuse");

    @Test
    void aSkipStaysASkipWhereTestsAreNotRequired() {
        assertThatThrownBy(() -> new RequiredTests(false).handleTestExecutionException(unused, skip))
                .isSameAs(skip);
    }

    @Test
    void aSkipFailsWhereTestsAreRequired() {
        var required = new RequiredTests(true);
        assertThatThrownBy(() -> required.handleTestExecutionException(unused, skip))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("no /dev/fuse");
        assertThatThrownBy(() -> required.handleBeforeEachMethodExecutionException(unused, skip))
                .isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> required.handleBeforeAllMethodExecutionException(unused, skip))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void otherFailuresPass() {
        var failure = new IllegalStateException("broken");
        assertThatThrownBy(() -> new RequiredTests(true).handleTestExecutionException(unused, failure))
                .isSameAs(failure);
    }
}
