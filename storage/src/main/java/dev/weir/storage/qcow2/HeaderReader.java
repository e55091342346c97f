package dev.weir.storage.qcow2;

import dev.weir.storage.BlockIo;
import java.nio.ByteBuffer;
import reactor.core.publisher.Mono;

/** Reads the header of an image: its first cluster, and no more. */
final class HeaderReader {
    private static final int START = 512;

    private HeaderReader() {}

    /** Fails as {@link HeaderParser} does, and with what the file fails with. */
    static Mono<Qcow2Header> read(BlockIo file) {
        return Mono.defer(() -> read(file, START).flatMap(start -> {
                    int needed = HeaderParser.bytesNeeded(start);
                    return needed <= START ? Mono.just(start) : read(file, needed);
                }))
                .map(HeaderParser::parse);
    }

    private static Mono<ByteBuffer> read(BlockIo file, int bytes) {
        ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(bytes, file.length()));
        return buffer.hasRemaining() ? file.read(0, buffer).then(Mono.fromSupplier(buffer::clear)) : Mono.just(buffer);
    }
}
