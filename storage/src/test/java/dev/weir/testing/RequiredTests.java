package dev.weir.testing;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * Turns a test that skips itself, because something it needs is not there, into a failure where the system property
 * {@code weir.it.required} is true, as {@code bin/verify} sets it in CI. Tests use JUnit's or AssertJ's assumptions and
 * need not know; JUnit finds this class by itself.
 */
public final class RequiredTests implements TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {
    private final boolean required;

    public RequiredTests() {
        this(Boolean.getBoolean("weir.it.required"));
    }

    RequiredTests(boolean required) {
        this.required = required;
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        if (required && thrown instanceof TestAbortedException) {
            throw new AssertionError(
                    "weir.it.required is set, and the test would skip: " + thrown.getMessage(), thrown);
        }
        throw thrown;
    }

    @Override
    public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        handleTestExecutionException(context, thrown);
    }

    @Override
    public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        handleTestExecutionException(context, thrown);
    }
}
