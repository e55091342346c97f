package dev.weir.fuse.session;

import dev.weir.fuse.protocol.FuseFallocateIn;
import dev.weir.fuse.protocol.FuseOpcode;
import dev.weir.fuse.protocol.FuseSetattrIn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A request as the kernel writes it: header, struct and payload, byte by byte, from the protocol's description. Each has a
 * unique of its own until it is given another one.
 */
final class KernelRequest {
    static final int INIT_EXT = 1 << 30;
    static final int MAX_PAGES = 1 << 22;
    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;
    static final int KEEP_SIZE = FuseFallocateIn.FALLOC_FL_KEEP_SIZE;
    static final int PUNCH_HOLE = FuseFallocateIn.FALLOC_FL_PUNCH_HOLE;
    static final int ZERO_RANGE = FuseFallocateIn.FALLOC_FL_ZERO_RANGE;

    private static final int HEADER = 40;
    private static final AtomicLong UNIQUES = new AtomicLong(2);

    private byte[] bytes;
    private ByteBuffer view;

    private KernelRequest(byte[] bytes) {
        this.bytes = bytes;
        this.view = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    /** A request of any opcode, of the root inode, whose {@code rest} bytes after the header are zero. */
    static KernelRequest of(int opcode, int rest) {
        var request = new KernelRequest(new byte[HEADER + rest]);
        request.view.putInt(0, HEADER + rest).putInt(4, opcode);
        request.view.putLong(8, UNIQUES.getAndAdd(2)).putLong(16, 1);
        request.view.putInt(24, 1000).putInt(28, 1000).putInt(32, 4242);
        return request;
    }

    static KernelRequest of(FuseOpcode opcode) {
        return of(opcode.code(), opcode.minimumBody());
    }

    /** INIT as kernels from 5.19 on send it: 64 bytes, flags2 included. */
    static KernelRequest init(int major, int minor, int flags, int flags2) {
        return of(FuseOpcode.INIT.code(), 64)
                .nodeid(0)
                .u32(0, major)
                .u32(4, minor)
                .u32(8, 131072)
                .u32(12, flags)
                .u32(16, flags2);
    }

    /** INIT as kernels before 5.19 send it. */
    static KernelRequest shortInit(int minor, int flags) {
        return of(FuseOpcode.INIT.code(), 16)
                .nodeid(0)
                .u32(0, 7)
                .u32(4, minor)
                .u32(8, 131072)
                .u32(12, flags);
    }

    static KernelRequest read(long offset, int size) {
        return of(FuseOpcode.READ).u64(8, offset).u32(16, size);
    }

    static KernelRequest write(long offset, byte[] data) {
        var request =
                of(FuseOpcode.WRITE.code(), 40 + data.length).u64(8, offset).u32(16, data.length);
        request.view.put(HEADER + 40, data);
        return request;
    }

    static KernelRequest getattr() {
        return of(FuseOpcode.GETATTR);
    }

    /** Add the values with {@link #u32} and {@link #u64}; their places are those of {@code fuse_setattr_in}. */
    static KernelRequest setattr(int valid) {
        return of(FuseOpcode.SETATTR).u32(0, valid);
    }

    static KernelRequest resize(long size) {
        return setattr(FuseSetattrIn.FATTR_SIZE).u64(16, size);
    }

    static KernelRequest chmod(int mode) {
        return setattr(FuseSetattrIn.FATTR_MODE).u32(68, 0100000 | mode);
    }

    static KernelRequest open(int flags) {
        return of(FuseOpcode.OPEN).u32(0, flags);
    }

    static KernelRequest release(long fh) {
        return of(FuseOpcode.RELEASE).u64(0, fh);
    }

    static KernelRequest flush() {
        return of(FuseOpcode.FLUSH);
    }

    static KernelRequest fsync() {
        return of(FuseOpcode.FSYNC);
    }

    static KernelRequest statfs() {
        return of(FuseOpcode.STATFS);
    }

    static KernelRequest fallocate(int mode, long offset, long length) {
        return of(FuseOpcode.FALLOCATE).u64(8, offset).u64(16, length).u32(24, mode);
    }

    static KernelRequest lseek(long offset, int whence) {
        return of(FuseOpcode.LSEEK).u64(8, offset).u32(16, whence);
    }

    static KernelRequest forget(long nlookup) {
        return of(FuseOpcode.FORGET).u64(0, nlookup);
    }

    static KernelRequest batchForget(int count) {
        return of(FuseOpcode.BATCH_FORGET.code(), 8 + 16 * count).u32(0, count);
    }

    /** The interruption of a request: its own unique is the other one's with the lowest bit set. */
    static KernelRequest interrupt(long target) {
        return of(FuseOpcode.INTERRUPT).u64(0, target).unique(target | 1);
    }

    /** Sets 32 bits at a place after the header. */
    KernelRequest u32(int at, int value) {
        view.putInt(HEADER + at, value);
        return this;
    }

    /** Sets 64 bits at a place after the header. */
    KernelRequest u64(int at, long value) {
        view.putLong(HEADER + at, value);
        return this;
    }

    KernelRequest unique(long unique) {
        view.putLong(8, unique);
        return this;
    }

    KernelRequest nodeid(long nodeid) {
        view.putLong(16, nodeid);
        return this;
    }

    /** Sets the length that the header claims, and leaves the message as long as it is. */
    KernelRequest claiming(int length) {
        view.putInt(0, length);
        return this;
    }

    /** Cuts the message, or appends zeroes; the length in the header follows. */
    KernelRequest resized(int length) {
        bytes = Arrays.copyOf(bytes, length);
        view = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        return length >= 4 ? claiming(length) : this;
    }

    long unique() {
        return view.getLong(8);
    }

    byte[] bytes() {
        return bytes;
    }

    @Override
    public String toString() {
        int shown = Math.min(bytes.length, 128);
        return "opcode " + view.getInt(4) + " unique " + unique() + ": "
                + HexFormat.of().formatHex(bytes, 0, shown);
    }
}
