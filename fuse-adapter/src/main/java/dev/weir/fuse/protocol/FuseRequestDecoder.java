package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Turns messages of the kernel into requests whose lengths, sizes and offsets are safe to use.
 *
 * <p>No message makes it throw, and it allocates nothing. Checks that need the state of the export, such as the length
 * of the file, are not made here; nor are payloads looked into.
 *
 * <p>Thread: immutable, usable from any thread.
 */
public final class FuseRequestDecoder {
    private final int maxRequest;
    private final int maxRead;
    private final int maxWrite;

    /**
     * A decoder for what was negotiated in INIT.
     *
     * @param maxRequest longest message in bytes, headers included; at least {@link FuseProtocol#MIN_READ_BUFFER}
     * @param maxRead largest size of a READ in bytes
     * @param maxWrite largest size of a WRITE in bytes; with headers it fits into {@code maxRequest}
     * @throws IllegalArgumentException if a bound does not hold
     */
    public FuseRequestDecoder(int maxRequest, int maxRead, int maxWrite) {
        if (maxRequest < FuseProtocol.MIN_READ_BUFFER) {
            throw new IllegalArgumentException("maxRequest must be at least 8192, was " + maxRequest);
        }
        if (maxRead <= 0) {
            throw new IllegalArgumentException("maxRead must be positive, was " + maxRead);
        }
        if (maxWrite <= 0 || maxWrite > maxRequest - FuseProtocol.WRITE_DATA_AT) {
            throw new IllegalArgumentException("maxWrite must be positive and fit into maxRequest, was " + maxWrite);
        }
        this.maxRequest = maxRequest;
        this.maxRead = maxRead;
        this.maxWrite = maxWrite;
    }

    /**
     * Decodes one contiguous message, as /dev/fuse gives it.
     *
     * @param into overwritten whatever the result; it refers to {@code message} until cleared or decoded into again
     * @param message in native byte order; position and limit stay as they are
     * @param at position of the header
     * @param received bytes that came; may be anything from 0 to {@code limit - at}
     * @throws IndexOutOfBoundsException if {@code at} and {@code received} do not lie inside the buffer
     */
    public DecodeResult decode(FuseRequest into, ByteBuffer message, int at, int received) {
        assert FuseProtocol.nativeOrder(message);
        Objects.checkFromIndexSize(at, received, message.limit());
        if (received < FuseInHeader.SIZE) {
            into.clear();
            return DecodeResult.TRUNCATED_HEADER;
        }
        into.setHeader(message, at);
        if (into.length() != received) {
            return DecodeResult.LENGTH_MISMATCH;
        }
        FuseOpcode opcode = FuseOpcode.of(into.rawOpcode());
        into.setOpcode(opcode);
        if (opcode == null) {
            return DecodeResult.UNKNOWN_OPCODE;
        }
        if (received > maxRequest) {
            return DecodeResult.OVERSIZED;
        }
        int rest = received - FuseInHeader.SIZE;
        int body = opcode == FuseOpcode.INIT && rest > FuseInitIn.COMPAT_SIZE ? FuseInitIn.SIZE : opcode.minimumBody();
        if (rest < body) {
            return DecodeResult.TRUNCATED_BODY;
        }
        int extensions = FuseInHeader.totalExtlen(message, at) * Long.BYTES;
        if (extensions > rest - body) {
            return DecodeResult.BAD_EXTENSION;
        }
        int bodyAt = at + FuseInHeader.SIZE;
        int payload = opcode.hasPayload() ? rest - body - extensions : 0;
        DecodeResult result = check(opcode, message, bodyAt, payload);
        if (result == DecodeResult.OK) {
            into.setBody(message, bodyAt, body);
            into.setPayload(message, bodyAt + body, payload);
        }
        return result;
    }

    /** An LSEEK may have any offset: the kernel sends what the client gave. */
    private DecodeResult check(FuseOpcode opcode, ByteBuffer body, int at, int payload) {
        return switch (opcode) {
            case READ -> checkRead(body, at);
            case WRITE -> checkWrite(body, at, payload);
            case BATCH_FORGET -> checkBatchForget(body, at, payload);
            case SETATTR -> checkSetattr(body, at);
            case FALLOCATE -> checkFallocate(body, at);
            case COPY_FILE_RANGE, COPY_FILE_RANGE_64 -> checkCopyFileRange(body, at);
            default -> DecodeResult.OK;
        };
    }

    private DecodeResult checkRead(ByteBuffer body, int at) {
        int size = FuseReadIn.size(body, at);
        if (size < 0 || size > maxRead) {
            return DecodeResult.BAD_SIZE;
        }
        return checkRange(FuseReadIn.offset(body, at), size);
    }

    private DecodeResult checkWrite(ByteBuffer body, int at, int payload) {
        int size = FuseWriteIn.size(body, at);
        if (size < 0 || size > maxWrite) {
            return DecodeResult.BAD_SIZE;
        }
        if (size != payload) {
            return size > payload ? DecodeResult.TRUNCATED_PAYLOAD : DecodeResult.TRAILING_PAYLOAD;
        }
        return checkRange(FuseWriteIn.offset(body, at), size);
    }

    private static DecodeResult checkBatchForget(ByteBuffer body, int at, int payload) {
        long count = Integer.toUnsignedLong(FuseBatchForgetIn.count(body, at));
        return count * FuseBatchForgetIn.FORGET_ONE_SIZE > payload ? DecodeResult.TRUNCATED_PAYLOAD : DecodeResult.OK;
    }

    private static DecodeResult checkSetattr(ByteBuffer body, int at) {
        boolean sizeSet = (FuseSetattrIn.valid(body, at) & FuseSetattrIn.FATTR_SIZE) != 0;
        return sizeSet && FuseSetattrIn.size(body, at) < 0 ? DecodeResult.BAD_SIZE : DecodeResult.OK;
    }

    private static DecodeResult checkFallocate(ByteBuffer body, int at) {
        long length = FuseFallocateIn.length(body, at);
        return length <= 0 ? DecodeResult.BAD_SIZE : checkRange(FuseFallocateIn.offset(body, at), length);
    }

    private static DecodeResult checkCopyFileRange(ByteBuffer body, int at) {
        long length = FuseCopyFileRangeIn.len(body, at);
        if (length < 0) {
            return DecodeResult.BAD_SIZE;
        }
        DecodeResult source = checkRange(FuseCopyFileRangeIn.offIn(body, at), length);
        return source == DecodeResult.OK ? checkRange(FuseCopyFileRangeIn.offOut(body, at), length) : source;
    }

    private static DecodeResult checkRange(long offset, long size) {
        return offset < 0 || offset > Long.MAX_VALUE - size ? DecodeResult.BAD_OFFSET : DecodeResult.OK;
    }
}
