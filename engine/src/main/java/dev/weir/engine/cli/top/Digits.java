package dev.weir.engine.cli.top;

import java.util.Locale;

/** Numbers in five characters. */
final class Digits {
    private static final String UNITS = "kMGTPE";

    private Digits() {}

    /** As precise as five characters can be, such as 0, 0.25, 12.3, 9999, 12.3k, 123k and 1.23M. */
    static String of(double value) {
        if (value < 0.005) {
            return "0";
        }
        if (value < 99_999.5) {
            return value < 9.995
                    ? trimmed(format("%.2f", value))
                    : value < 99.95 ? trimmed(format("%.1f", value)) : format("%.0f", value);
        }
        double scaled = value;
        int unit = -1;
        while (scaled >= 999.5 && unit < UNITS.length() - 1) {
            scaled /= 1000;
            unit++;
        }
        String digits = format(scaled < 9.995 ? "%.2f" : scaled < 99.95 ? "%.1f" : "%.0f", scaled);
        return digits + UNITS.charAt(unit);
    }

    private static String trimmed(String digits) {
        return digits.replaceFirst("\\.?0+$", "");
    }

    private static String format(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
