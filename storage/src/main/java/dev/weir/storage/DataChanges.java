package dev.weir.storage;

/**
 * How often, and when, data of a node was changed by others than the one who asks.
 *
 * @param count a number that changes with each change that ended; it says nothing else
 * @param lastMillis when the last change of the node by anybody ended, in milliseconds since the epoch; 0 where there was
 *     none
 */
public record DataChanges(long count, long lastMillis) {}
