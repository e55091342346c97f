/**
 * The FUSE wire protocol, 7.31 to 7.45, and nothing else: opcodes, struct layouts, flag sets, request decoder, reply
 * encoder.
 *
 * <p>Threads: everything is stateless or immutable, except {@link FuseRequest}, which has one owner at a time.
 */
@NullMarked
package dev.weir.fuse.protocol;

import org.jspecify.annotations.NullMarked;
