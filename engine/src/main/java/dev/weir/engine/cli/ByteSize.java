package dev.weir.engine.cli;

/** A number of bytes as people read it: the largest unit that leaves at least 1, with at most one decimal. */
record ByteSize(long bytes) {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    @Override
    public String toString() {
        int unit = bytes < 1024 ? 0 : (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        long tenths = Math.round(bytes / (double) (1L << (10 * unit)) * 10);
        String number = tenths / 10 + (tenths % 10 == 0 ? "" : "." + tenths % 10);
        return number + " " + UNITS[unit];
    }
}
