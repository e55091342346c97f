package dev.weir.storage.image;

import java.time.Instant;

/**
 * An internal snapshot.
 *
 * @param id unique in its image
 * @param name not necessarily unique; may be empty
 * @param vmStateSize bytes of a machine's state that was saved with it; 0 where there is none
 * @param vmClockNanos nanoseconds that the machine had run
 * @param diskSize the virtual size, in bytes, when it was taken
 * @param icount instructions that the machine had executed, or -1 where that is unknown
 */
public record ImageSnapshot(
        String id, String name, long vmStateSize, Instant date, long vmClockNanos, long diskSize, long icount) {}
