package dev.weir.storage.qcow2;

import java.nio.ByteBuffer;

/**
 * A copy of changed metadata on its way to the file.
 *
 * @param at where it belongs, in bytes
 * @param failed has it written again later
 * @param ended lets go of the original
 */
record TableWrite(long at, ByteBuffer bytes, Runnable failed, Runnable ended) {}
