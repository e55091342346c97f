/**
 * Images as such, apart from the block graph: making, describing, checking and repairing them, and their internal snapshots.
 *
 * <p>Threads: operations may be called from any thread and never block the caller; an image is used by one at a time.
 */
@NullMarked
package dev.weir.storage.image;

import org.jspecify.annotations.NullMarked;
