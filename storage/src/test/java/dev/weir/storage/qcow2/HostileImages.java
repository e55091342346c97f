package dev.weir.storage.qcow2;

import dev.weir.storage.BlockException;
import dev.weir.storage.Permissions;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import reactor.core.publisher.Mono;

/** Uses images that nobody should trust, as a guest would. */
final class HostileImages {
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    /** What is read and written at once. */
    private static final int PIECE = 64 << 10;

    private static final long MOST = 4 << 20;

    private HostileImages() {}

    /** Opens it, reads it, asks what is where, and changes it where that is allowed. Fails for any failure but a told one. */
    static boolean use(TestImage image, Permissions permissions) {
        GuestDisk disk;
        try {
            disk = Objects.requireNonNull(
                    GuestDisk.open(image, GuestDisk.Around.NOTHING, permissions).block(DEADLINE));
        } catch (BlockException refused) {
            return false;
        }
        var backend = disk.backend();
        long length = Math.min(MOST, backend.length());
        ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
        for (long at = 0; at < length; at += PIECE) {
            int count = (int) Math.min(PIECE, length - at);
            told(backend.read(at, buffer.clear().limit(count)));
        }
        told(backend.blockStatus(0, Math.max(1, length)));
        if (permissions.writes()) {
            told(backend.write(0, buffer.clear().limit((int) Math.min(1000, length)), WriteFlag.NONE));
            told(backend.write(length / 2, buffer.clear().limit((int) Math.min(PIECE, length / 2)), WriteFlag.NONE));
            told(backend.writeZeroes(0, Math.min(PIECE, length), Set.of(WriteFlag.MAY_UNMAP)));
            told(backend.discard(length / 4, length / 4));
            told(backend.flush());
        }
        told(disk.close());
        return true;
    }

    private static void told(Mono<?> operation) {
        try {
            operation.block(DEADLINE);
        } catch (BlockException told) {
            // Is what it is for.
            Objects.requireNonNull(told.kind());
        }
    }
}
