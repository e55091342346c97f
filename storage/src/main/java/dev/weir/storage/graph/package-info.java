/**
 * The block graph: nodes by name, the one checked hop around each device, and the backends that users hold.
 *
 * <p>Threads: everything may be called from any thread and never blocks the caller.
 */
@NullMarked
package dev.weir.storage.graph;

import org.jspecify.annotations.NullMarked;
