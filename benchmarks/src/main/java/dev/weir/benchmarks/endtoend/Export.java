package dev.weir.benchmarks.endtoend;

import java.nio.file.Path;

/**
 * What a server exports, always writable and growable.
 *
 * @param format of the image
 * @param image the file; unused with {@link Format#NULL}
 * @param megabytes its length
 * @param direct around the page cache of the host
 */
record Export(Format format, Path image, int megabytes, boolean direct) {
    /** Names are those of drivers. */
    enum Format {
        RAW("raw"),
        QCOW2("qcow2"),
        NULL("null-co");

        private final String driver;

        Format(String driver) {
            this.driver = driver;
        }

        String driver() {
            return driver;
        }
    }
}
