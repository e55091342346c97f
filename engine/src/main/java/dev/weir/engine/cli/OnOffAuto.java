package dev.weir.engine.cli;

import java.util.Locale;

/** What is done, is not done, or is done where it can be. */
enum OnOffAuto {
    AUTO,
    ON,
    OFF;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
