/**
 * Mounted exports compared with their peers, with fio as the client: a program of its own, run by {@code run.sh}.
 *
 * <p>Threads: one; servers and clients are processes, and this one never touches a file on their mounts.
 */
@NullMarked
package dev.weir.benchmarks.endtoend;

import org.jspecify.annotations.NullMarked;
