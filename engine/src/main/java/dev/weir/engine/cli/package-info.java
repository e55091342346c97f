/**
 * The command line: parses, prints, turns signals into a shutdown. Nothing here is for embedding.
 *
 * <p>Threads: the main thread blocks until the end; the shutdown hook runs on its own.
 */
@NullMarked
package dev.weir.engine.cli;

import org.jspecify.annotations.NullMarked;
