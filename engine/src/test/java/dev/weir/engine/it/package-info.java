/**
 * The command line as its users see it: exports that run in JVMs of their own, and other programs as their clients.
 *
 * <p>Threads: tests run one after another; nothing here touches a mount itself.
 */
@NullMarked
package dev.weir.engine.it;

import org.jspecify.annotations.NullMarked;
