package dev.weir.storage.qcow2;

/** Metadata that cannot be right was come across; {@link Metadata} makes an I/O error of it, and marks the image. */
final class Corruption extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Corruption(String message) {
        super(message, null, false, false);
    }
}
