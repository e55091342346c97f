/**
 * The language of the command line: what commands and options look like, how words become values, help and completion.
 *
 * <p>Threads: immutable or confined to the main thread.
 */
@NullMarked
package dev.weir.engine.cli.syntax;

import org.jspecify.annotations.NullMarked;
