package dev.weir.storage.qcow2;

/**
 * What becomes of clusters that are not needed any more.
 *
 * @param passRequest whether the file below is told of those that the guest discards
 * @param noUnref whether a discarded cluster stays allocated, so that what is written there later is where it was
 */
record DiscardOptions(boolean passRequest, boolean noUnref) {}
