package dev.weir.storage.qcow2;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** A read: a step for each slice of the L2 tables that it touches, in which runs are read at the same time. */
final class ReadRequest extends ImageRequest {
    private final Qcow2Image image;
    private final ByteBuffer dst;
    private final int start;
    private final long offset;
    private final long end;
    private long at;

    ReadRequest(Qcow2Image image, long offset, ByteBuffer dst, CoreSubscriber<? super Void> actual) {
        super(image, actual);
        this.image = image;
        this.dst = dst;
        this.start = dst.position();
        this.offset = offset;
        this.end = offset + dst.remaining();
        this.at = offset;
    }

    @Override
    @Nullable
    Mono<Void> step() {
        if (at == end) {
            return null;
        }
        L2Tables tables = image.tables();
        long guest = at;
        if (!tables.hasTable(guest)) {
            at = Math.min(end, tables.endOfTable(guest));
            return image.readUnallocated(guest, part(guest, at));
        }
        L2Slice slice = tables.cached(guest);
        if (slice == null) {
            return tables.load(guest).then();
        }
        long stop = Math.min(end, tables.endOfSlice(guest));
        Mapping mapping = image.mapping();
        int number = tables.entryOf(guest);
        int kind = mapping.kind(slice, number, mapping.unit(guest));
        long endOfRun = mapping.endOfRun(slice, number, kind, guest, stop);
        at = stop;
        if (endOfRun == stop) {
            return run(slice, number, kind, guest, stop);
        }
        List<Mono<Void>> runs = new ArrayList<>();
        while (true) {
            runs.add(run(slice, number, kind, guest, endOfRun));
            guest = endOfRun;
            if (guest == stop) {
                // All of them have let go of the buffer when this ends.
                return Mono.whenDelayError(runs).onErrorMap(ImageRequest::first);
            }
            number = tables.entryOf(guest);
            kind = mapping.kind(slice, number, mapping.unit(guest));
            endOfRun = mapping.endOfRun(slice, number, kind, guest, stop);
        }
    }

    private Mono<Void> run(L2Slice slice, int number, int kind, long from, long to) {
        ByteBuffer part = part(from, to);
        return switch (kind) {
            case Mapping.DATA -> image.data().read(image.mapping().host(slice, number, from), part);
            case Mapping.COMPRESSED -> image.compressed().read(slice.entry(number), from, part);
            case Mapping.ZERO -> Mono.fromRunnable(() -> Zeroes.fill(part, part.position(), part.limit()));
            default -> image.readUnallocated(from, part);
        };
    }

    private ByteBuffer part(long from, long to) {
        if (from == offset && to == end) {
            return dst;
        }
        // slice() loses the order only, which nobody looks at.
        return dst.slice(start + (int) (from - offset), (int) (to - from));
    }
}
