/**
 * What a block driver implements: a factory found by {@link java.util.ServiceLoader} and the open device it returns.
 *
 * <p>Threads: devices are called from any thread, concurrently, and never block the caller.
 */
@NullMarked
package dev.weir.storage.spi;

import org.jspecify.annotations.NullMarked;
