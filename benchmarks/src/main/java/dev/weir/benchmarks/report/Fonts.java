package dev.weir.benchmarks.report;

import java.util.Arrays;

/**
 * What drawing text needs, and JVMs for servers may be without: libfontmanager with libfreetype, fontconfig, a font. The
 * JVM tells of it in errors of many types, first by a failed class initializer and later by missing classes.
 */
final class Fonts {
    static final String ADVICE =
            "this JVM cannot draw text, because libfontmanager, libfreetype, fontconfig or every font is"
                    + " missing; Debian, Ubuntu: apt-get install libfreetype6 fontconfig fonts-dejavu-core;"
                    + " then: benchmarks/run.sh --report FIGURES.json";

    private Fonts() {}

    /** Whether it is for want of them that drawing failed. */
    static boolean areWhy(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (isOfFonts(cause)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOfFonts(Throwable error) {
        String message = String.valueOf(error.getMessage());
        return error instanceof UnsatisfiedLinkError
                || message.contains("ontconfig")
                || message.contains("font")
                || Arrays.stream(error.getStackTrace())
                        .anyMatch(frame -> frame.getClassName().startsWith("sun.font.")
                                || frame.getClassName().startsWith("sun.awt.FontConfiguration"));
    }
}
