/**
 * The {@code file} driver: regular files and block devices of the host.
 *
 * <p>Threads: every call that may block runs on the pool that the node was opened with, and completes there.
 */
@NullMarked
package dev.weir.storage.file;

import org.jspecify.annotations.NullMarked;
