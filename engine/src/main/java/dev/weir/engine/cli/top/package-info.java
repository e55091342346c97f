/**
 * The live view of a daemon's exports: what happened between two looks at it, as lines for a terminal.
 *
 * <p>Threads: the command's own; keys are read on another, which hands them over.
 */
@NullMarked
package dev.weir.engine.cli.top;

import org.jspecify.annotations.NullMarked;
