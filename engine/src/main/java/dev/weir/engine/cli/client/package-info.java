/**
 * The way of the command line to a running daemon: QEMU's control protocol from the other side, and what it tells.
 *
 * <p>Threads: one at a time; only {@link dev.weir.engine.cli.client.QmpClient#close} may come from another.
 */
@NullMarked
package dev.weir.engine.cli.client;

import org.jspecify.annotations.NullMarked;
