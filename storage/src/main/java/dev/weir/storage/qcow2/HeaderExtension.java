package dev.weir.storage.qcow2;

/**
 * A header extension.
 *
 * @param data without padding; not to be changed
 */
record HeaderExtension(int type, byte[] data) {
    static final int END = 0;
    static final int BACKING_FORMAT = 0xe2792aca;
    static final int FEATURE_NAMES = 0x6803f857;
    static final int BITMAPS = 0x23852875;
    static final int DATA_FILE = 0x44415441;
}
