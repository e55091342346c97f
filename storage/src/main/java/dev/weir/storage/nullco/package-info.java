/**
 * The null-co driver: a device without storage, for measurements.
 *
 * <p>Threads: a device may be called from any thread, concurrently, and never blocks the caller.
 */
@NullMarked
package dev.weir.storage.nullco;

import org.jspecify.annotations.NullMarked;
