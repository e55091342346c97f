/**
 * What Weir is compared with from the JVM: a synchronous file system on jnr-fuse and libfuse 2. A program of its own.
 *
 * <p>Threads: libfuse calls the file system on as many threads as it has requests.
 */
@NullMarked
package dev.weir.benchmarks.peer;

import org.jspecify.annotations.NullMarked;
