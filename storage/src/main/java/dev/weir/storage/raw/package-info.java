/**
 * The raw format: the bytes of a node are those of its child, or of a window of it.
 *
 * <p>Threads: a device may be called from any thread, concurrently, and never blocks the caller.
 */
@NullMarked
package dev.weir.storage.raw;

import org.jspecify.annotations.NullMarked;
