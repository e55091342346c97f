package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.image.ImageCreation;
import dev.weir.storage.spi.OptionReader;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a new image is to be, looked at: its options go together. The texts are QEMU's.
 *
 * @param size of the virtual disk in bytes, a multiple of 512
 * @param preallocation what of it is done: a raw data file has at least its metadata
 */
record CreateOptions(
        int version,
        Geometry geometry,
        long size,
        boolean lazyRefcounts,
        Compression compression,
        boolean rawDataFile,
        PreallocMode preallocation,
        @Nullable String backingFile,
        @Nullable String backingFormat,
        @Nullable String dataFile) {
    private static final int SECTOR = 512;
    private static final int STANDARD_CLUSTER = 1 << 16;
    private static final int MIN_EXTENDED_CLUSTER = 1 << 14;
    private static final String VERSION_3_ONLY =
            " only supported with compatibility level 1.1 and above (use version=v3 or greater)";
    private static final Set<String> KNOWN = Set.of(
            "compat",
            "cluster_size",
            "refcount_bits",
            "lazy_refcounts",
            "extended_l2",
            "compression_type",
            "data_file_raw");

    /** @throws BlockException of kind INVALID, UNSUPPORTED or FILE_TOO_LARGE */
    static CreateOptions of(ImageCreation creation) {
        NodeOptions.Builder values = NodeOptions.builder();
        for (Map.Entry<String, String> option : creation.options().entrySet()) {
            String key = option.getKey();
            if (key.equals("encryption") || key.startsWith("encrypt.")) {
                throw HeaderParser.unsupported("Encrypted qcow2 images are not supported");
            }
            if (!KNOWN.contains(key)) {
                throw invalid("Invalid parameter '" + key + "'");
            }
            values.set(key, option.getValue());
        }
        var reader = new OptionReader(values.build());
        int version = version(reader);
        int clusterBits = clusterBits(reader.bytes("cluster_size").orElse(STANDARD_CLUSTER));
        boolean extendedL2 = reader.flag("extended_l2", false);
        int refcountOrder = refcountOrder(reader.integer("refcount_bits").orElse(16));
        boolean rawDataFile = reader.flag("data_file_raw", false);
        PreallocMode preallocation = creation.preallocation();
        if (rawDataFile && preallocation == PreallocMode.OFF) {
            preallocation = PreallocMode.METADATA;
        }
        CreateOptions options = new CreateOptions(
                version,
                new Geometry(clusterBits, refcountOrder, extendedL2),
                sectors(creation.size()),
                reader.flag("lazy_refcounts", false),
                compression(reader),
                rawDataFile,
                preallocation,
                creation.backingFile(),
                creation.backingFormat(),
                creation.dataFile());
        options.requireTogether();
        return options;
    }

    private static int version(OptionReader reader) {
        String compat = reader.has("compat") ? reader.string("compat") : "1.1";
        return switch (compat) {
            case "0.10", "v2" -> 2;
            case "1.1", "v3" -> 3;
            default -> throw reader.refused("compat", compat);
        };
    }

    private static int clusterBits(long size) {
        if (Long.bitCount(size) != 1
                || size < 1 << HeaderParser.MIN_CLUSTER_BITS
                || size > 1 << HeaderParser.MAX_CLUSTER_BITS) {
            throw invalid("Cluster size must be a power of two between 512 and 2048k");
        }
        return Long.numberOfTrailingZeros(size);
    }

    private static int refcountOrder(long bits) {
        if (bits < 1 || bits > 64 || Long.bitCount(bits) != 1) {
            throw invalid("Refcount width must be a power of two and may not exceed 64 bits");
        }
        return Long.numberOfTrailingZeros(bits);
    }

    private static Compression compression(OptionReader reader) {
        String type = reader.has("compression_type") ? reader.string("compression_type") : "zlib";
        return switch (type) {
            case "zlib" -> Compression.ZLIB;
            case "zstd" -> Compression.ZSTD;
            default -> throw reader.refused("compression_type", type);
        };
    }

    private static long sectors(long size) {
        if (size < 0) {
            throw invalid("Image size must not be negative");
        }
        if (size > Long.MAX_VALUE - SECTOR) {
            throw tooLarge();
        }
        return (size + SECTOR - 1) & -SECTOR;
    }

    private void requireTogether() {
        if (version < 3) {
            requireNothingOfVersion3();
        }
        if (geometry.extendedL2() && geometry.clusterSize() < MIN_EXTENDED_CLUSTER) {
            throw invalid("Extended L2 entries are only supported with cluster sizes of at least "
                    + MIN_EXTENDED_CLUSTER + " bytes");
        }
        if (rawDataFile && dataFile == null) {
            throw invalid("data-file-raw requires data-file");
        }
        if (backingFile == null) {
            if (backingFormat != null) {
                throw invalid("Backing format cannot be used without backing file");
            }
            return;
        }
        if (backingFormat == null) {
            throw invalid("Backing file specified without backing format");
        }
        if (rawDataFile) {
            throw invalid("Backing file and data-file-raw cannot be used at the same time");
        }
        if (preallocation != PreallocMode.OFF && !geometry.extendedL2()) {
            throw invalid("Backing file and preallocation can only be used at the same time if extended_l2 is on");
        }
    }

    private void requireNothingOfVersion3() {
        if (lazyRefcounts) {
            throw invalid("Lazy refcounts" + VERSION_3_ONLY);
        }
        if (geometry.refcountOrder() != 4) {
            throw invalid("Different refcount widths than 16 bits require compatibility level 1.1 or above"
                    + " (use version=v3 or greater)");
        }
        if (dataFile != null) {
            throw invalid("External data files are" + VERSION_3_ONLY);
        }
        if (geometry.extendedL2()) {
            throw invalid("Extended L2 entries are" + VERSION_3_ONLY);
        }
        if (compression != Compression.ZLIB) {
            throw invalid("Non-zlib compression type is" + VERSION_3_ONLY);
        }
    }

    /** The incompatible features that the header has. */
    long incompatible() {
        return (dataFile == null ? 0 : Feature.DATA_FILE)
                | (compression == Compression.ZLIB ? 0 : Feature.COMPRESSION)
                | (geometry.extendedL2() ? Feature.EXTENDED_L2 : 0);
    }

    static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }

    static BlockException tooLarge() {
        return BlockException.of(
                BlockErrorKind.FILE_TOO_LARGE,
                "The image size is too large for file format 'qcow2' (try using a larger cluster size)");
    }
}
