package dev.weir.storage.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weir.storage.BlockException;
import dev.weir.storage.BlockIo;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Mono;

/** The persistent bitmaps of an image, as far as a description tells of them. */
final class BitmapDirectory {
    private static final int EXTENSION = 24;
    private static final int ENTRY = 24;
    private static final int MAX_NAME = 1023;
    private static final int MAX_BITMAPS = 65535;
    private static final int IN_USE = 1;
    private static final int AUTO = 2;

    /** Has room for any entry. */
    private static final int WINDOW = 1 << 16;

    private final BlockIo file;
    private final long end;
    private final int count;
    private final List<Map<String, Object>> bitmaps = new ArrayList<>();

    private BitmapDirectory(BlockIo file, long end, int count) {
        this.file = file;
        this.end = end;
        this.count = count;
    }

    /** Empty where there are none. */
    static Mono<List<Map<String, Object>>> read(BlockIo file, Qcow2Header header) {
        return Mono.defer(() -> {
            for (HeaderExtension extension : header.extensions()) {
                // Without the bit, somebody has written who did not know of them.
                if (extension.type() == HeaderExtension.BITMAPS && (header.autoclear() & Feature.BITMAPS) != 0) {
                    return read(file, header.geometry(), extension.data());
                }
            }
            return Mono.just(List.of());
        });
    }

    private static Mono<List<Map<String, Object>>> read(BlockIo file, Geometry geometry, byte[] extension) {
        if (extension.length != EXTENSION) {
            throw HeaderParser.invalid("bitmaps_ext: Invalid extension length");
        }
        ByteBuffer data = ByteBuffer.wrap(extension);
        int count = data.getInt(0);
        long size = data.getLong(8);
        long offset = data.getLong(16);
        if (count <= 0 || count > MAX_BITMAPS) {
            throw HeaderParser.invalid("bitmaps_ext: found bitmaps extension with zero or too many bitmaps");
        }
        if (offset <= 0 || !geometry.aligned(offset) || size <= 0 || size > file.length() - offset) {
            throw HeaderParser.invalid("bitmaps_ext: invalid bitmap directory");
        }
        var directory = new BitmapDirectory(file, offset + size, count);
        return directory.readFrom(offset);
    }

    private Mono<List<Map<String, Object>>> readFrom(long at) {
        ByteBuffer window = ByteBuffer.allocateDirect((int) Math.min(WINDOW, end - at));
        return file.read(at, window).then(Mono.defer(() -> {
            window.clear();
            takeAll(window, at + window.limit() == end);
            return bitmaps.size() < count ? readFrom(at + window.position()) : Mono.just(List.copyOf(bitmaps));
        }));
    }

    private void takeAll(ByteBuffer window, boolean last) {
        while (bitmaps.size() < count) {
            int start = window.position();
            if (window.remaining() < ENTRY) {
                requireMore(last);
                return;
            }
            int nameLength = window.getShort(start + 18) & 0xffff;
            int granularityBits = window.get(start + 17);
            if (nameLength == 0
                    || nameLength > MAX_NAME
                    || window.getInt(start + 20) != 0
                    || granularityBits < 9
                    || granularityBits > 31) {
                throw corrupt();
            }
            int length = ENTRY + nameLength + 7 & ~7;
            if (window.remaining() < length) {
                requireMore(last);
                return;
            }
            byte[] name = new byte[nameLength];
            window.get(start + ENTRY, name);
            bitmaps.add(describe(window.getInt(start + 12), new String(name, UTF_8), 1L << granularityBits));
            window.position(start + length);
        }
    }

    private static Map<String, Object> describe(int flags, String name, long granularity) {
        List<String> names = new ArrayList<>();
        if ((flags & IN_USE) != 0) {
            names.add("in-use");
        }
        if ((flags & AUTO) != 0) {
            names.add("auto");
        }
        return Map.of("flags", List.copyOf(names), "name", name, "granularity", granularity);
    }

    private static void requireMore(boolean last) {
        if (last) {
            throw corrupt();
        }
    }

    private static BlockException corrupt() {
        return HeaderParser.invalid("Bitmap directory is corrupt");
    }
}
