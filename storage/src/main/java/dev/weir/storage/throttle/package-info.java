/**
 * Limits on the rate of requests, by QEMU's model: leaky buckets in groups that nodes share.
 *
 * <p>Threads: everything may be called from any thread and never blocks; a request that waited goes on on a timer's thread.
 */
@NullMarked
package dev.weir.storage.throttle;

import org.jspecify.annotations.NullMarked;
