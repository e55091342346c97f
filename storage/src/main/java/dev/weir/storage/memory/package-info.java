/**
 * The memory driver: a sparse device in direct memory.
 *
 * <p>Threads: a device may be called from any thread, concurrently, and never blocks the caller.
 */
@NullMarked
package dev.weir.storage.memory;

import org.jspecify.annotations.NullMarked;
