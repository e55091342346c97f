/**
 * The vocabulary of the asynchronous block layer: what a user of a block node or backend holds, and the values that
 * travel with a request.
 *
 * <p>Threads: every type here may be used from any thread. A {@code Mono} completes on whichever thread its I/O ended.
 */
@NullMarked
package dev.weir.storage;

import org.jspecify.annotations.NullMarked;
