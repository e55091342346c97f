/**
 * One FUSE session: queues that read requests, bounce buffers, the handler from opcode to block layer, replies.
 *
 * <p>Threads: a queue reads on its event loop only; replies are written on whichever thread the I/O ended.
 */
@NullMarked
package dev.weir.fuse.session;

import org.jspecify.annotations.NullMarked;
