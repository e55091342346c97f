package dev.weir.testing;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * Turns an integration test ({@code *IT}) that skips itself, because something it needs is not there, into a failure
 * where the system property {@code weir.it.required} is true, as {@code bin/verify} sets it in CI. Tests use JUnit's or
 * AssertJ's assumptions and need not know; JUnit finds this class by itself.
 */
public final class RequiredTests implements TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {
    /** What becomes of an exception that a test, or the preparation of one, threw. */
    static Throwable judge(Class<?> test, Throwable thrown, boolean required) {
        if (required && thrown instanceof TestAbortedException && isIntegrationTest(test)) {
            return new AssertionError(
                    "weir.it.required is set, but the test would skip: " + thrown.getMessage(), thrown);
        }
        return thrown;
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        throw judge(context.getRequiredTestClass(), thrown, Boolean.getBoolean("weir.it.required"));
    }

    private static boolean isIntegrationTest(Class<?> test) {
        return test.getName().replaceFirst("\\$.*", "").endsWith("IT");
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
