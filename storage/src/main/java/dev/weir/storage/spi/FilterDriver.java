package dev.weir.storage.spi;

/**
 * A driver that passes every request to its one child at the same offset, and never changes data. Its device implements
 * each operation of {@link BlockDevice} itself: nothing passes through by default.
 */
public non-sealed interface FilterDriver extends BlockDriver {}
