package dev.weir.fuse.session;

import static dev.weir.fuse.session.ControlledDevice.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.KernelCache;
import dev.weir.fuse.protocol.FuseOpenIn;
import dev.weir.fuse.protocol.FuseWriteIn;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who gets the kernel's page cache, and what the kernel is told of what it keeps there. */
class KernelCacheTest {
    private static final int DIRECT_IO = 1;
    private static final int KEEP_CACHE = 2;
    private static final int PARALLEL_DIRECT_WRITES = 64;
    private static final int DIRECT = DIRECT_IO | PARALLEL_DIRECT_WRITES;

    private static final Duration A_WHILE = Duration.ofMillis(50);

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ControlledDevice device = new ControlledDevice(100_000);
    private ScriptedFuseDevice kernel;

    private KernelReply open(int flags) {
        return kernel.call(KernelRequest.open(flags)).succeeds(16);
    }

    private int openFlags(int flags) {
        return open(flags).u32(8);
    }

    private void release(KernelReply open) {
        kernel.call(KernelRequest.release(open.u64(0))).succeeds(0);
    }

    /** The next message is this. */
    private static void told(ScriptedFuseDevice kernel, long offset, long length) {
        ByteBuffer notice = ByteBuffer.wrap(kernel.receiveNotice()).order(ByteOrder.nativeOrder());
        assertThat(notice.getInt(4)).as("FUSE_NOTIFY_INVAL_INODE").isEqualTo(2);
        assertThat(notice.getLong(8)).as("unique").isZero();
        assertThat(notice.getLong(16)).as("ino").isEqualTo(1);
        assertThat(notice.getLong(24)).as("offset").isEqualTo(offset);
        assertThat(notice.getLong(32)).as("length").isEqualTo(length);
    }

    @Test
    void withoutItNobodyIsCached() {
        kernel = fuse.serve(device);

        assertThat(openFlags(FuseOpenIn.O_RDONLY)).isEqualTo(DIRECT);
        assertThat(openFlags(FuseOpenIn.O_RDWR)).isEqualTo(DIRECT);
        assertThat(openFlags(PosixFile.O_DIRECT)).isEqualTo(DIRECT);
    }

    @Test
    void thoseWhoOnlyReadAreCached() {
        kernel = fuse.kernelCache(KernelCache.ON).serve(device);

        assertThat(openFlags(FuseOpenIn.O_RDONLY)).as("drops what was there").isZero();
        assertThat(openFlags(FuseOpenIn.O_RDWR)).isEqualTo(DIRECT | KEEP_CACHE);
        assertThat(openFlags(FuseOpenIn.O_WRONLY | FuseOpenIn.O_APPEND)).isEqualTo(DIRECT | KEEP_CACHE);
        assertThat(openFlags(PosixFile.O_DIRECT)).isEqualTo(DIRECT | KEEP_CACHE);
        assertThat(openFlags(FuseOpenIn.O_RDONLY)).isEqualTo(KEEP_CACHE);
    }

    @Test
    void byAutoNobodyIsCachedWhileSomebodyWrites() {
        kernel = fuse.kernelCache(KernelCache.AUTO).serve(device);
        KernelReply reader = open(FuseOpenIn.O_RDONLY);
        assertThat(reader.u32(8)).isZero();
        KernelReply writer = open(FuseOpenIn.O_RDWR);
        KernelReply second = open(FuseOpenIn.O_RDONLY);
        assertThat(second.u32(8)).isEqualTo(DIRECT | KEEP_CACHE);

        release(reader);
        release(second);
        release(writer);

        assertThat(openFlags(FuseOpenIn.O_RDONLY)).isEqualTo(KEEP_CACHE);
    }

    @Test
    void aReadOnlyExportIsCachedToo() {
        kernel = fuse.readOnly().kernelCache(KernelCache.AUTO).serve(device);

        assertThat(openFlags(FuseOpenIn.O_RDONLY)).isZero();
        assertThat(openFlags(FuseOpenIn.O_RDONLY)).isEqualTo(KEEP_CACHE);
    }

    @Test
    void pagesThatAWriteMadeStaleAreDroppedBeforeItIsAnswered() {
        kernel = fuse.kernelCache(KernelCache.ON).serve(device);
        open(FuseOpenIn.O_RDONLY);
        KernelRequest write = KernelRequest.write(5000, pattern(3000, 1));

        kernel.send(write);

        told(kernel, 5000, 3000);
        kernel.receive().answers(write).wrote(3000);
    }

    @Test
    void soAreThoseOfAWriteThatFailed() {
        kernel = fuse.kernelCache(KernelCache.ON).serve(device);
        open(FuseOpenIn.O_RDONLY);
        device.hold();
        KernelRequest write = KernelRequest.write(5000, pattern(3000, 1));
        kernel.send(write);

        device.next().fail(BlockErrorKind.NO_SPACE);

        told(kernel, 5000, 3000);
        assertThat(kernel.receive().answers(write).isError()).isTrue();
    }

    @Test
    void whatIsWrittenFromTheCacheItselfIsNotDropped() {
        kernel = fuse.kernelCache(KernelCache.ON).serve(device);
        open(FuseOpenIn.O_RDONLY);
        KernelRequest write = KernelRequest.write(4096, pattern(4096, 1)).u32(20, FuseWriteIn.FUSE_WRITE_CACHE);

        kernel.call(write).wrote(4096);

        kernel.expectSilence(A_WHILE);
    }

    @Test
    void nothingIsToldBeforeAnybodyReadsThroughTheCache() {
        kernel = fuse.kernelCache(KernelCache.ON).serve(device);
        open(FuseOpenIn.O_RDWR);
        open(PosixFile.O_DIRECT);
        ScriptedFuseDevice second = fuse.serveAgain();

        kernel.call(KernelRequest.write(0, pattern(512, 1))).wrote(512);
        second.call(KernelRequest.write(0, pattern(512, 2))).wrote(512);

        kernel.expectSilence(A_WHILE);
    }

    @Test
    void whenNobodyReadsAnyMoreTheNextChangeDropsEverythingAndOthersCostNothing() {
        kernel = fuse.kernelCache(KernelCache.ON).serve(device);
        KernelReply reader = open(FuseOpenIn.O_RDONLY);
        release(reader);
        KernelRequest write = KernelRequest.write(0, pattern(512, 1));

        kernel.send(write);

        told(kernel, 0, 0);
        kernel.receive().answers(write).wrote(512);
        kernel.call(KernelRequest.write(4096, pattern(512, 1))).wrote(512);
        kernel.expectSilence(A_WHILE);
        assertThat(openFlags(FuseOpenIn.O_RDONLY)).isZero();
        kernel.send(write);
        told(kernel, 0, 512);
        kernel.receive().answers(write).wrote(512);
    }

    @Test
    void whatAnotherExportWritesIsDroppedBeforeItsClientHearsOfIt() {
        kernel = fuse.kernelCache(KernelCache.ON).serve(device);
        open(FuseOpenIn.O_RDONLY);
        ScriptedFuseDevice second = fuse.serveAgain();

        second.call(KernelRequest.write(8192, pattern(512, 1))).wrote(512);
        told(kernel, 8192, 512);
        second.call(KernelRequest.fallocate(KernelRequest.PUNCH_HOLE | KernelRequest.KEEP_SIZE, 4096, 8192))
                .succeeds();
        told(kernel, 4096, 8192);
        second.expectSilence(A_WHILE);
    }

    @Test
    void soIsWhatItCutsOff() {
        kernel = fuse.kernelCache(KernelCache.ON).serve(device);
        open(FuseOpenIn.O_RDONLY);
        ScriptedFuseDevice second = fuse.serveAgain();

        second.call(KernelRequest.resize(50_000)).succeeds();

        // The length changed first, and then the data.
        told(kernel, 0, 0);
    }

    @Test
    void soIsWhatAnyOtherUserOfTheNodeChanges() {
        kernel = fuse.kernelCache(KernelCache.ON).serve(device);
        open(FuseOpenIn.O_RDONLY);
        BlockBackend other =
                fuse.graph().attach(fuse.node(), Permissions.WRITE.sharingAll()).block();

        other.discard(10_000, 20_000).block(ScriptedFuseDevice.PATIENCE);
        told(kernel, 10_000, 20_000);
        other.writeZeroes(1000, 10, WriteFlag.NONE).block(ScriptedFuseDevice.PATIENCE);
        told(kernel, 1000, 10);
        other.truncate(100_000, PreallocMode.OFF).block(ScriptedFuseDevice.PATIENCE);
        told(kernel, 100_000, 0);
        other.read(0, ByteBuffer.allocateDirect(512)).block(ScriptedFuseDevice.PATIENCE);
        other.flush().block(ScriptedFuseDevice.PATIENCE);
        kernel.expectSilence(A_WHILE);
    }

    @Test
    void aDrainIsNotHeldUpByThePages() {
        kernel = fuse.kernelCache(KernelCache.ON).serve(device);
        open(FuseOpenIn.O_RDONLY);
        ScriptedFuseDevice second = fuse.serveAgain();
        device.hold();
        KernelRequest write = KernelRequest.write(0, pattern(512, 1));
        second.send(write);
        ControlledDevice.Call call = device.next();
        var drained = fuse.graph().drainedBegin(fuse.node()).toFuture();

        call.complete();

        SessionFixture.await(drained);
        told(kernel, 0, 512);
        second.receive().answers(write).wrote(512);
        fuse.graph().drainedEnd(fuse.node());
    }
}
