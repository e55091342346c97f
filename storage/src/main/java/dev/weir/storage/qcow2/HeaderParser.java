package dev.weir.storage.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a header and refuses what no image may have. Whatever the bytes are, it takes time and memory in proportion to the
 * first cluster only. Every failure is of kind {@link BlockErrorKind#INVALID_FORMAT} or {@link BlockErrorKind#UNSUPPORTED}.
 */
final class HeaderParser {
    static final int MIN_CLUSTER_BITS = 9;
    static final int MAX_CLUSTER_BITS = 21;
    static final long MAX_L1_BYTES = 32L << 20;
    static final long MAX_REFCOUNT_TABLE_BYTES = 8L << 20;
    static final int MAX_SNAPSHOTS = 65536;
    static final int MAX_NAME = 1023;
    private static final int MIN_EXTENDED_CLUSTER_BITS = 14;
    private static final int MAX_REFCOUNT_ORDER = 6;
    private static final int V3_FIXED = 104;

    private HeaderParser() {}

    /** How many bytes {@link #parse} needs to see: the first cluster. {@code start} has the first 72 bytes or more. */
    static int bytesNeeded(ByteBuffer start) {
        return 1 << clusterBits(start);
    }

    private static int clusterBits(ByteBuffer start) {
        if (start.remaining() < Qcow2Header.V2_LENGTH || start.getInt(start.position()) != Qcow2Header.MAGIC) {
            throw invalid("Image is not in qcow2 format");
        }
        int version = start.getInt(start.position() + 4);
        if (version < 2 || version > 3) {
            throw unsupported("Unsupported qcow2 version " + Integer.toUnsignedString(version));
        }
        int clusterBits = start.getInt(start.position() + 20);
        if (clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS) {
            throw invalid("Unsupported cluster size: 2^" + Integer.toUnsignedString(clusterBits));
        }
        return clusterBits;
    }

    /**
     * @param image from offset 0 on: the first cluster, or less where the file is shorter; big endian
     */
    static Qcow2Header parse(ByteBuffer image) {
        int clusterBits = clusterBits(image);
        ByteBuffer cluster = image.slice(image.position(), Math.min(image.remaining(), 1 << clusterBits));
        int version = cluster.getInt(4);
        long backingOffset = cluster.getLong(8);
        int backingLength = cluster.getInt(16);
        long incompatible = 0;
        long compatible = 0;
        long autoclear = 0;
        int refcountOrder = 4;
        int headerLength = Qcow2Header.V2_LENGTH;
        int compression = 0;
        if (version >= 3) {
            if (cluster.limit() < V3_FIXED) {
                throw invalid("qcow2 header too short");
            }
            incompatible = cluster.getLong(72);
            compatible = cluster.getLong(80);
            autoclear = cluster.getLong(88);
            refcountOrder = cluster.getInt(96);
            headerLength = cluster.getInt(100);
            if (headerLength < V3_FIXED) {
                throw invalid("qcow2 header too short");
            }
            if (headerLength > cluster.limit() || headerLength % 8 != 0) {
                throw invalid("qcow2 header exceeds cluster size");
            }
            compression = headerLength > V3_FIXED ? cluster.get(104) & 0xff : 0;
        }
        requireNameInCluster(cluster, headerLength, backingOffset, backingLength, clusterBits);
        int end = backingOffset == 0 ? cluster.limit() : (int) backingOffset;
        List<HeaderExtension> extensions = extensions(cluster, headerLength, end);
        requireKnown(incompatible, extensions);
        if (refcountOrder < 0 || refcountOrder > MAX_REFCOUNT_ORDER) {
            throw invalid("Reference count entry width too large; may not exceed 64 bits");
        }
        boolean extendedL2 = (incompatible & Feature.EXTENDED_L2) != 0;
        if (extendedL2 && clusterBits < MIN_EXTENDED_CLUSTER_BITS) {
            throw invalid("Extended L2 entries are only supported with cluster sizes of at least "
                    + (1 << MIN_EXTENDED_CLUSTER_BITS) + " bytes");
        }
        Geometry geometry = new Geometry(clusterBits, refcountOrder, extendedL2);
        String dataFile = (incompatible & Feature.DATA_FILE) == 0 ? null : text(extensions, HeaderExtension.DATA_FILE);
        Qcow2Header header = new Qcow2Header(
                version,
                geometry,
                cluster.getLong(24),
                cluster.getInt(32),
                cluster.getLong(40),
                cluster.getInt(36),
                cluster.getLong(48),
                cluster.getInt(56),
                cluster.getInt(60),
                cluster.getLong(64),
                incompatible,
                compatible,
                autoclear,
                compression(compression, incompatible),
                headerLength,
                unknownFields(cluster, headerLength),
                extensions,
                backingLength == 0 || backingOffset == 0 ? null : text(cluster, (int) backingOffset, backingLength),
                text(extensions, HeaderExtension.BACKING_FORMAT),
                dataFile);
        requireSound(header);
        return header;
    }

    private static void requireNameInCluster(
            ByteBuffer cluster, int headerLength, long offset, int length, int clusterBits) {
        if (offset == 0) {
            return;
        }
        if (offset < headerLength || offset > 1L << clusterBits || offset > cluster.limit()) {
            throw invalid("Invalid backing file offset");
        }
        if (length < 0 || length > Math.min(MAX_NAME, cluster.limit() - offset)) {
            throw invalid("Backing file name too long");
        }
    }

    private static List<HeaderExtension> extensions(ByteBuffer cluster, int start, int end) {
        List<HeaderExtension> extensions = new ArrayList<>();
        int at = start;
        while (at + 8 <= end) {
            int type = cluster.getInt(at);
            long length = cluster.getInt(at + 4) & 0xffffffffL;
            at += 8;
            if (type == HeaderExtension.END) {
                break;
            }
            if (length > end - at) {
                throw invalid("Header extension too large");
            }
            byte[] data = new byte[(int) length];
            cluster.get(at, data);
            extensions.add(new HeaderExtension(type, data));
            at += (int) (length + 7 & ~7L);
        }
        return List.copyOf(extensions);
    }

    private static void requireKnown(long incompatible, List<HeaderExtension> extensions) {
        long unknown = incompatible & ~Feature.KNOWN_INCOMPATIBLE;
        if (unknown == 0) {
            return;
        }
        List<String> names = new ArrayList<>();
        for (HeaderExtension extension : extensions) {
            if (extension.type() != HeaderExtension.FEATURE_NAMES) {
                continue;
            }
            byte[] table = extension.data();
            for (int at = 0; at + 48 <= table.length; at += 48) {
                int bit = table[at + 1];
                if (table[at] == 0 && bit >= 0 && bit < 64 && (unknown & 1L << bit) != 0) {
                    names.add(printable(table, at + 2, 46));
                    unknown &= ~(1L << bit);
                }
            }
        }
        if (unknown != 0) {
            names.add("Unknown incompatible feature: " + Long.toHexString(unknown));
        }
        throw unsupported("Unsupported qcow2 feature(s): " + String.join(", ", names));
    }

    private static Compression compression(int type, long incompatible) {
        if (type >= Compression.values().length) {
            throw unsupported("qcow2: unknown compression type: " + type);
        }
        if ((type != 0) != ((incompatible & Feature.COMPRESSION) != 0)) {
            throw invalid(
                    type == 0
                            ? "qcow2: Compression type incompatible feature bit must not be set"
                            : "qcow2: Compression type incompatible feature bit must be set");
        }
        return Compression.values()[type];
    }

    private static void requireSound(Qcow2Header header) {
        Geometry geometry = header.geometry();
        if (header.size() < 0) {
            throw invalid("Image is too big");
        }
        switch (header.cryptMethod()) {
            case 0 -> {}
            case 1 -> throw unsupported("AES-CBC encrypted qcow2 images are not supported");
            case 2 -> throw unsupported("LUKS encrypted qcow2 images are not supported");
            default -> throw unsupported("Unsupported encryption method " + header.cryptMethod());
        }
        requireTable(geometry, "Active L1 table", header.l1Offset(), header.l1Entries(), 8, MAX_L1_BYTES);
        if (header.l1Entries() < geometry.l1EntriesFor(header.size())) {
            throw invalid(
                    geometry.l1EntriesFor(header.size()) > MAX_L1_BYTES / 8
                            ? "Image is too big"
                            : "L1 table is too small");
        }
        if (header.refcountTableClusters() == 0) {
            throw invalid("Image does not contain a reference count table");
        }
        requireTable(
                geometry,
                "Reference count table",
                header.refcountTableOffset(),
                header.refcountTableClusters() & 0xffffffffL,
                geometry.clusterSize(),
                MAX_REFCOUNT_TABLE_BYTES);
        if (header.snapshotCount() < 0 || header.snapshotCount() > MAX_SNAPSHOTS) {
            throw invalid("Too many snapshots");
        }
        // Each entry has 40 bytes or more.
        requireTable(geometry, "Snapshot table", header.snapshotsOffset(), header.snapshotCount(), 40, 64L << 20);
    }

    /** Checks where a table is and how large; in 64 bits. */
    static void requireTable(Geometry geometry, String name, long offset, long entries, int entryBytes, long maxBytes) {
        if (entries < 0 || entries > maxBytes / entryBytes) {
            throw invalid(name + " too large");
        }
        if (offset < 0
                || !geometry.aligned(offset)
                || offset > Long.MAX_VALUE - entries * entryBytes
                || (entries > 0 && offset == 0)) {
            throw invalid(name + " offset invalid");
        }
    }

    private static byte[] unknownFields(ByteBuffer cluster, int headerLength) {
        byte[] unknown = new byte[Math.max(0, headerLength - Qcow2Header.V3_LENGTH)];
        if (unknown.length > 0) {
            cluster.get(Qcow2Header.V3_LENGTH, unknown);
        }
        return unknown;
    }

    private static @Nullable String text(List<HeaderExtension> extensions, int type) {
        for (HeaderExtension extension : extensions) {
            if (extension.type() == type && extension.data().length > 0) {
                return new String(extension.data(), UTF_8);
            }
        }
        return null;
    }

    private static String text(ByteBuffer cluster, int offset, int length) {
        byte[] text = new byte[length];
        cluster.get(offset, text);
        return new String(text, UTF_8);
    }

    private static String printable(byte[] table, int from, int max) {
        StringBuilder name = new StringBuilder();
        for (int i = from; i < from + max && table[i] != 0; i++) {
            name.append(table[i] >= ' ' && table[i] < 0x7f ? (char) table[i] : '?');
        }
        return name.toString();
    }

    static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID_FORMAT, message);
    }

    static BlockException unsupported(String message) {
        return BlockException.of(BlockErrorKind.UNSUPPORTED, message);
    }
}
