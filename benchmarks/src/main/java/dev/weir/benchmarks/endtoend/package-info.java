/**
 * Mounted exports compared with their peers, and the report of that: a program of its own, run by {@code run.sh}.
 *
 * <p>Threads: one that measures, one that samples memory meanwhile, and the JVM's at exit, which cleans up. Servers and
 * clients are processes; this one never touches a file on their mounts.
 */
@NullMarked
package dev.weir.benchmarks.endtoend;

import org.jspecify.annotations.NullMarked;
