package dev.weir.storage.qcow2;

import static dev.weir.storage.qcow2.Findings.hex;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What persistent bitmaps refer to. They count only while the header says that they are consistent: what others belong to
 * has leaked.
 */
final class BitmapReferences {
    private static final int EXTENSION_BYTES = 24;
    private static final int MAX_BITMAPS = 65535;
    private static final int ENTRY_FIXED = 24;
    private static final int MAX_NAME = 1023;
    private static final long MAX_DIRECTORY_BYTES = 64L << 20;
    private static final long MAX_TABLE_ENTRIES = 0x8000000L;
    private static final long RESERVED = 0xff000000000001feL;
    private static final long ALL_ONES = 1;

    private final MetadataFile file;
    private final Geometry geometry;
    private final ReferenceCount references;
    private final Findings findings;
    private final long directoryOffset;
    private final long directoryBytes;
    private final int count;

    private long at;
    private int seen;

    BitmapReferences(MetadataFile file, Qcow2Header header, ReferenceCount references, Findings findings) {
        this.file = file;
        this.geometry = header.geometry();
        this.references = references;
        this.findings = findings;
        ByteBuffer extension = extension(header);
        this.count = extension == null ? 0 : extension.getInt(0);
        this.directoryBytes = extension == null ? 0 : extension.getLong(8);
        this.directoryOffset = extension == null ? 0 : extension.getLong(16);
    }

    private static @Nullable ByteBuffer extension(Qcow2Header header) {
        if (header.version() >= 3 && (header.autoclear() & Feature.BITMAPS) != 0) {
            for (HeaderExtension extension : header.extensions()) {
                if (extension.type() == HeaderExtension.BITMAPS && extension.data().length >= EXTENSION_BYTES) {
                    return ByteBuffer.wrap(extension.data());
                }
            }
        }
        return null;
    }

    Mono<Void> count() {
        if (count == 0) {
            return Mono.empty();
        }
        if (count < 0
                || count > MAX_BITMAPS
                || directoryBytes < (long) count * ENTRY_FIXED
                || directoryBytes > MAX_DIRECTORY_BYTES
                || directoryOffset <= 0
                || !geometry.aligned(directoryOffset)) {
            findings.corruption(1, () -> "The directory of bitmaps cannot be at " + hex(directoryOffset));
            return Mono.empty();
        }
        references.add(directoryOffset, directoryBytes, 1);
        at = directoryOffset;
        return Mono.defer(() -> file.read(at, (int) Math.min(ENTRY_FIXED, end() - at)))
                .flatMap(this::entry)
                .repeat(() -> seen < count)
                .then();
    }

    private long end() {
        return directoryOffset + directoryBytes;
    }

    private Mono<Void> entry(ByteBuffer entry) {
        seen++;
        long tableOffset = entry.remaining() < ENTRY_FIXED ? -1 : entry.getLong(0);
        long entries = tableOffset < 0 ? 0 : entry.getInt(8) & 0xffffffffL;
        int nameBytes = tableOffset < 0 ? 0 : entry.getShort(18) & 0xffff;
        long extra = tableOffset < 0 ? 0 : entry.getInt(20) & 0xffffffffL;
        long bytes = ENTRY_FIXED + extra + nameBytes + 7 & ~7L;
        if (tableOffset <= 0
                || !geometry.aligned(tableOffset)
                || entries == 0
                || entries > MAX_TABLE_ENTRIES
                || nameBytes > MAX_NAME
                || bytes > end() - at) {
            findings.corruption(1, () -> "Entry " + (seen - 1) + " of the directory of bitmaps cannot be right");
            seen = count;
            return Mono.empty();
        }
        at += bytes;
        if (seen < count && at >= end()) {
            findings.corruption(1, () -> "The directory of bitmaps has " + seen + " entries instead of " + count);
            seen = count;
        }
        references.add(tableOffset, entries * 8, 1);
        return file.scan(tableOffset, entries * 8, (offset, part) -> {
            while (part.hasRemaining()) {
                data(part.getLong());
            }
        });
    }

    private void data(long entry) {
        long offset = entry & L2Entry.OFFSET_MASK;
        if ((entry & RESERVED) != 0 || !geometry.aligned(offset) || (offset != 0 && (entry & ALL_ONES) != 0)) {
            findings.corruption(1, () -> "Bitmap table entry " + hex(entry) + " cannot be right");
        } else if (offset != 0) {
            references.add(offset, geometry.clusterSize(), 1);
        }
    }
}
