/**
 * What {@code weir image} does, apart from its command line: making, describing, resizing and copying images.
 *
 * <p>Threads: operations never block the caller; an object is used by one thread at a time.
 */
@NullMarked
package dev.weir.engine.cli.image;

import org.jspecify.annotations.NullMarked;
