package dev.weir.engine.cli.syntax;

import dev.weir.storage.spi.OptionReader;
import java.util.List;

/** What the value of an option may be. */
public sealed interface Value {
    /** How help calls it, such as {@code SIZE}. */
    String label();

    /** What is accepted, for error messages: a noun with an article. */
    String expected();

    boolean accepts(String text);

    /** All values, where they can be listed; for completion. */
    default List<String> choices() {
        return List.of();
    }

    /** One of some words. */
    record Choice(List<String> choices) implements Value {
        public Choice {
            choices = List.copyOf(choices);
        }

        @Override
        public String label() {
            return String.join("|", choices);
        }

        @Override
        public String expected() {
            int last = choices.size() - 1;
            return last == 0
                    ? "'" + choices.get(0) + "'"
                    : "'" + String.join("', '", choices.subList(0, last)) + "' or '" + choices.get(last) + "'";
        }

        @Override
        public boolean accepts(String text) {
            return choices.contains(text);
        }
    }

    /** A whole number, both bounds included. */
    record Number(String label, int least, int most) implements Value {
        @Override
        public String expected() {
            return "a whole number from " + least + " to " + most;
        }

        @Override
        public boolean accepts(String text) {
            try {
                int number = Integer.parseInt(text);
                return number >= least && number <= most;
            } catch (NumberFormatException e) {
                return false;
            }
        }
    }

    /** A number of bytes with an optional binary unit. */
    record Size(long least) implements Value {
        @Override
        public String label() {
            return "SIZE";
        }

        @Override
        public String expected() {
            return (least > 0 ? "a positive size" : "a size") + " in bytes, such as 4096, 64k or 1.5G";
        }

        @Override
        public boolean accepts(String text) {
            try {
                return OptionReader.parseBytes(text) >= least;
            } catch (IllegalArgumentException e) {
                return false;
            }
        }
    }
}
