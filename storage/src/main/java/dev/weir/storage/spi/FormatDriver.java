package dev.weir.storage.spi;

/** A driver that finds the bytes of its node somewhere in the bytes of its children. */
public non-sealed interface FormatDriver extends BlockDriver {}
