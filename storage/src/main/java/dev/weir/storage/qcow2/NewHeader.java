package dev.weir.storage.qcow2;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The header of a new image: what lies at the start of its first cluster. */
final class NewHeader {
    private static final int FEATURE_NAME = 48;
    private static final int INCOMPATIBLE = 0;
    private static final int COMPATIBLE = 1;
    private static final int AUTOCLEAR = 2;

    /** By type and bit. */
    private static final Map<Integer, String> FEATURE_NAMES = new TreeMap<>(Map.of(
            INCOMPATIBLE << 8,
            "dirty bit",
            INCOMPATIBLE << 8 | 1,
            "corrupt bit",
            INCOMPATIBLE << 8 | 2,
            "external data file",
            INCOMPATIBLE << 8 | 3,
            "compression type",
            INCOMPATIBLE << 8 | 4,
            "extended L2 entries",
            COMPATIBLE << 8,
            "lazy refcounts",
            AUTOCLEAR << 8,
            "bitmaps",
            AUTOCLEAR << 8 | 1,
            "raw external data"));

    private NewHeader() {}

    /** @throws dev.weir.storage.BlockException where names are too long for it */
    static ByteBuffer of(CreateOptions options, NewLayout layout) {
        byte[] backing = bytes(options.backingFile());
        if (backing.length > HeaderParser.MAX_NAME) {
            throw CreateOptions.invalid("Backing file name too long");
        }
        List<HeaderExtension> extensions = extensions(options);
        int fixed = options.version() < 3 ? Qcow2Header.V2_LENGTH : Qcow2Header.V3_LENGTH;
        int clusterSize = options.geometry().clusterSize();
        if (options.version() >= 3) {
            HeaderExtension names = featureNames();
            if (length(fixed, extensions) + length(names) + backing.length <= clusterSize) {
                extensions.add(names);
            }
        }
        int backingOffset = length(fixed, extensions);
        if (backingOffset + backing.length > clusterSize) {
            throw CreateOptions.invalid(
                    "The names of other files are too long for a cluster of " + clusterSize + " bytes");
        }
        ByteBuffer buffer = ByteBuffer.allocateDirect(backingOffset + backing.length);
        header(options, layout, fixed).putFixed(buffer, backing.length == 0 ? 0 : backingOffset, backing.length);
        for (HeaderExtension extension : extensions) {
            buffer.putInt(extension.type()).putInt(extension.data().length).put(extension.data());
            buffer.position(buffer.position() + 7 & ~7);
        }
        return buffer.position(backingOffset).put(backing).flip();
    }

    private static Qcow2Header header(CreateOptions options, NewLayout layout, int headerLength) {
        Geometry geometry = options.geometry();
        int l1Entries = (int) geometry.l1EntriesFor(options.size());
        return new Qcow2Header(
                options.version(),
                geometry,
                options.size(),
                0,
                l1Entries == 0 ? 0 : layout.firstL1() << geometry.clusterBits(),
                l1Entries,
                geometry.clusterSize(),
                (int) layout.refcountTableClusters(),
                0,
                0,
                options.incompatible(),
                options.lazyRefcounts() ? Feature.LAZY_REFCOUNTS : 0,
                options.rawDataFile() ? Feature.RAW_DATA_FILE : 0,
                options.compression(),
                headerLength,
                new byte[0],
                List.of(),
                options.backingFile(),
                options.backingFormat(),
                options.dataFile());
    }

    private static List<HeaderExtension> extensions(CreateOptions options) {
        List<HeaderExtension> extensions = new ArrayList<>();
        if (options.backingFormat() != null) {
            extensions.add(new HeaderExtension(HeaderExtension.BACKING_FORMAT, bytes(options.backingFormat())));
        }
        if (options.dataFile() != null) {
            extensions.add(new HeaderExtension(HeaderExtension.DATA_FILE, bytes(options.dataFile())));
        }
        return extensions;
    }

    private static HeaderExtension featureNames() {
        ByteBuffer table = ByteBuffer.allocate(FEATURE_NAME * FEATURE_NAMES.size());
        FEATURE_NAMES.forEach((feature, name) -> {
            int next = table.position() + FEATURE_NAME;
            table.put((byte) (feature >> 8)).put(feature.byteValue()).put(name.getBytes(US_ASCII));
            table.position(next);
        });
        return new HeaderExtension(HeaderExtension.FEATURE_NAMES, table.array());
    }

    private static byte[] bytes(@Nullable String name) {
        return name == null ? new byte[0] : name.getBytes(UTF_8);
    }

    /** Of everything before the name of the backing file, the end of the extensions included. */
    private static int length(int fixed, List<HeaderExtension> extensions) {
        int length = fixed + 8;
        for (HeaderExtension extension : extensions) {
            length += length(extension);
        }
        return length;
    }

    private static int length(HeaderExtension extension) {
        return 8 + (extension.data().length + 7 & ~7);
    }
}
