/**
 * The command line: arguments in, exit status out.
 *
 * <p>Threads: everything here runs on the main thread unless it says otherwise.
 */
@NullMarked
package dev.weir.engine.cli;

import org.jspecify.annotations.NullMarked;
