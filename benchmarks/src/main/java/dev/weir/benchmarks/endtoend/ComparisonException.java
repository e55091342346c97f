package dev.weir.benchmarks.endtoend;

/** Why no comparison can be made, in one line for whoever started it. */
final class ComparisonException extends Exception {
    private static final long serialVersionUID = 1L;

    ComparisonException(String message) {
        super(message);
    }
}
