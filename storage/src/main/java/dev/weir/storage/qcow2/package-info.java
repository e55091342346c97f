/**
 * The qcow2 format, versions 2 and 3, as QEMU's {@code docs/interop/qcow2.rst} describes it.
 *
 * <p>Threads: a device may be called from any thread, concurrently, and never blocks the caller.
 */
@NullMarked
package dev.weir.storage.qcow2;

import org.jspecify.annotations.NullMarked;
