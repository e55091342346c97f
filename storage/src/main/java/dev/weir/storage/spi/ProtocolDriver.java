package dev.weir.storage.spi;

/** A driver whose data lies outside the block graph: a file, memory, a server. Its nodes have no children. */
public non-sealed interface ProtocolDriver extends BlockDriver {}
