/**
 * The FUSE export: shows a block backend as one regular file that any program can open.
 *
 * <p>Threads: every method may be called from any thread; what blocks runs on threads of its own.
 */
@NullMarked
package dev.weir.fuse;

import org.jspecify.annotations.NullMarked;
