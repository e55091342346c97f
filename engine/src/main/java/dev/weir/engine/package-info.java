/**
 * What an embedding program holds: the engine with its I/O threads, block graph and exports.
 *
 * <p>Threads: every method may be called from any thread; only {@code close} blocks.
 */
@NullMarked
package dev.weir.engine;

import org.jspecify.annotations.NullMarked;
