/**
 * The kernel's side of an export: /dev/fuse descriptors, mounting and unmounting, and the table of own mountpoints.
 *
 * <p>Threads: everything about mounts blocks and is never called on an event loop.
 */
@NullMarked
package dev.weir.fuse.device;

import org.jspecify.annotations.NullMarked;
