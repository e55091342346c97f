package dev.weir.engine.cli;

/**
 * One option that the daemon carries out in its turn.
 *
 * @param option its name, with two dashes
 * @param text what it was given
 */
record DaemonStep(String option, String text) {
    /** Why it could not be carried out. */
    static final class Failure extends Exception {
        private static final long serialVersionUID = 1L;

        Failure(String message, Throwable cause) {
            super(message, cause);
        }

        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }

    /** As QEMU tells it: with the option as it was given. */
    Failure failed(Throwable cause) {
        return new Failure(option + " " + text + ": " + Failures.message(cause), cause);
    }
}
