package dev.weir.engine.cli;

import dev.weir.storage.spi.OptionReader;
import picocli.CommandLine.TypeConversionException;

/** A number of bytes, written by people such as {@code 64M} and shown to them such as {@code 64 MiB}. */
record ByteSize(long bytes) {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    /**
     * Reads a number of bytes with an optional binary unit.
     *
     * @throws TypeConversionException where the text is none
     */
    static ByteSize parse(String text) {
        try {
            return new ByteSize(OptionReader.parseBytes(text));
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(
                    "'" + text + "' is not a size in bytes, such as 4096, 64k or 1.5G, below 8E");
        }
    }

    /** The largest unit that leaves at least 1, with at most one decimal. */
    @Override
    public String toString() {
        int unit = bytes < 1024 ? 0 : (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        long tenths = Math.round(bytes / (double) (1L << (10 * unit)) * 10);
        String number = tenths / 10 + (tenths % 10 == 0 ? "" : "." + tenths % 10);
        return number + " " + UNITS[unit];
    }
}
