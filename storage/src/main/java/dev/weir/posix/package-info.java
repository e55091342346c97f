/**
 * The Linux system calls that the JDK lacks, through jnr-ffi: typed, with errno as {@link dev.weir.posix.PosixException}.
 *
 * <p>Threads: everything may be called from any thread; a call that may block its thread says so.
 */
@NullMarked
package dev.weir.posix;

import org.jspecify.annotations.NullMarked;
