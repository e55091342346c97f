package dev.weir.engine.cli;

import java.util.Locale;

/** What is not done, or is done where it can be. */
enum OffAuto {
    AUTO,
    OFF;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
