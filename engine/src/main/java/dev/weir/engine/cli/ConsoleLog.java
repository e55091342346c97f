package dev.weir.engine.cli;

/** Log lines of the library as a person at a terminal wants them: one line each, on stderr. */
final class ConsoleLog {
    private ConsoleLog() {}

    /**
     * Before the first logger is made; what the user set stays.
     *
     * @param verbose whether to tell what happens, besides warnings and errors
     */
    static void configure(boolean verbose) {
        setDefault("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        setDefault("org.slf4j.simpleLogger.log.dev.weir", verbose ? "info" : "warn");
        // The command itself says how its export ended.
        setDefault("org.slf4j.simpleLogger.log.dev.weir.fuse.ExportShutdown", verbose ? "info" : "off");
        setDefault("org.slf4j.simpleLogger.showThreadName", "false");
        setDefault("org.slf4j.simpleLogger.showShortLogName", "true");
        setDefault("slf4j.internal.verbosity", "ERROR");
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
