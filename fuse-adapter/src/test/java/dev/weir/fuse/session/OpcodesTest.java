package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseOpcode;
import dev.weir.fuse.protocol.FuseProtocol;
import dev.weir.fuse.session.FuseStatistics.Kind;
import dev.weir.storage.BlockErrorKind;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The operations that move no data, and those that an export of one file does without. */
class OpcodesTest {
    private static final int O_RDONLY = 0;
    private static final int O_WRONLY = 1;
    private static final int O_RDWR = 2;
    private static final int O_TRUNC = 01000;
    private static final int DIRECT_IO_AND_PARALLEL_DIRECT_WRITES = 1 | 64;

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ControlledDevice device = new ControlledDevice(10_000);

    @ParameterizedTest
    @ValueSource(ints = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_TRUNC})
    void openBypassesThePageCacheAndTruncatesNothing(int flags) {
        KernelReply reply = fuse.serve(device).call(KernelRequest.open(flags)).succeeds(16);

        assertThat(reply.u64(0)).as("fh").isZero();
        assertThat(reply.u32(8)).isEqualTo(DIRECT_IO_AND_PARALLEL_DIRECT_WRITES);
        assertThat(device.contents()).hasSize(10_000);
        assertThat(device.calls()).isEmpty();
    }

    @Test
    void aReadOnlyExportOpensForReadingOnly() {
        ScriptedFuseDevice kernel = fuse.readOnly().serve(device);

        kernel.call(KernelRequest.open(O_RDONLY)).succeeds(16);
        kernel.call(KernelRequest.open(O_RDWR)).fails(Errno.EROFS);
        kernel.call(KernelRequest.open(O_WRONLY)).fails(Errno.EROFS);
    }

    @ParameterizedTest
    @EnumSource(
            value = FuseOpcode.class,
            names = {"RELEASE", "DESTROY"})
    void nothingIsLeftToDoAtTheEnd(FuseOpcode opcode) {
        fuse.serve(device).call(KernelRequest.of(opcode)).succeeds(0);
    }

    @Test
    void statfsTellsTheSizeOfTheFile() {
        KernelReply reply = fuse.serve(device).call(KernelRequest.statfs()).succeeds(80);

        assertThat(reply.u64(0)).as("blocks").isEqualTo(3);
        assertThat(reply.u64(8) + reply.u64(16)).as("free").isZero();
        assertThat(reply.u32(40)).as("bsize").isEqualTo(4096);
        assertThat(reply.u32(44)).as("namelen").isEqualTo(255);
        assertThat(reply.u32(48)).as("frsize").isEqualTo(4096);
    }

    /** The kernel remembers ENOSYS, and answers for us from then on. */
    @ParameterizedTest
    @EnumSource(
            value = FuseOpcode.class,
            names = {
                "GETXATTR",
                "SETXATTR",
                "LISTXATTR",
                "REMOVEXATTR",
                "ACCESS",
                "BMAP",
                "POLL",
                "STATX",
                "GETLK",
                "SETLK",
                "SETLKW",
                "COPY_FILE_RANGE",
                "COPY_FILE_RANGE_64",
                "OPENDIR",
                "READDIR",
                "READDIRPLUS",
                "RELEASEDIR",
                "FSYNCDIR",
                "READLINK",
                "SYMLINK",
                "MKNOD",
                "MKDIR",
                "UNLINK",
                "RMDIR",
                "RENAME",
                "RENAME2",
                "LINK",
                "CREATE",
                "TMPFILE",
                "SETUPMAPPING",
                "REMOVEMAPPING"
            })
    void isNotImplemented(FuseOpcode opcode) {
        fuse.serve(device)
                .call(KernelRequest.of(opcode.code(), opcode.minimumBody() + 16))
                .fails(Errno.ENOSYS);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 19, 54, 4096, 0x4353_5546, -1, Integer.MIN_VALUE})
    void unknownOperationsAreNotImplemented(int opcode) {
        ScriptedFuseDevice kernel = fuse.serve(device);

        kernel.call(KernelRequest.of(opcode, 0)).fails(Errno.ENOSYS);
        kernel.call(KernelRequest.of(opcode, 8192)).fails(Errno.ENOSYS);
        assertThat(fuse.session().statistics().malformed()).isZero();
    }

    @Test
    void otherDeliberateAnswers() {
        ScriptedFuseDevice kernel = fuse.serve(device);

        kernel.call(KernelRequest.of(FuseOpcode.LOOKUP.code(), 8)).fails(Errno.ENOENT);
        kernel.call(KernelRequest.of(FuseOpcode.IOCTL)).fails(Errno.ENOTTY);
        kernel.call(KernelRequest.init(7, 45, -1, -1)).fails(Errno.EIO);
        kernel.call(KernelRequest.read(0, 512)).succeeds(512);
    }

    @Test
    void whatIsForgottenOrInterruptedGetsNoReply() {
        ScriptedFuseDevice kernel = fuse.serve(device);

        kernel.send(KernelRequest.forget(1));
        kernel.send(KernelRequest.batchForget(0));
        kernel.send(KernelRequest.batchForget(100));
        kernel.send(KernelRequest.interrupt(4711));
        kernel.send(KernelRequest.of(FuseOpcode.NOTIFY_REPLY.code(), 4096));
        kernel.send(KernelRequest.of(FuseOpcode.FORGET).resized(44));
        kernel.send(KernelRequest.batchForget(100).u32(0, 101));

        kernel.expectNothingMore();
        SessionFixture.await("idle", () -> fuse.session().inFlight() == 0);
    }

    @Test
    void anInterruptedRequestIsAnsweredWhenItEnds() {
        device.hold();
        ScriptedFuseDevice kernel = fuse.serve(device);
        KernelRequest read = KernelRequest.read(0, 512);
        kernel.send(read);
        kernel.send(KernelRequest.interrupt(read.unique()));
        kernel.expectNothingMore();

        device.next().complete();

        kernel.receive().answers(read).succeeds(512);
        kernel.expectNothingMore();
    }

    @ParameterizedTest
    @ValueSource(longs = {2, -1, Long.MIN_VALUE})
    void otherInodesAreStale(long nodeid) {
        ScriptedFuseDevice kernel = fuse.serve(device);

        kernel.call(KernelRequest.getattr().nodeid(nodeid)).fails(Errno.ESTALE);
        kernel.call(KernelRequest.read(0, 1).nodeid(nodeid)).fails(Errno.ESTALE);
        kernel.call(KernelRequest.write(0, new byte[1]).nodeid(nodeid)).fails(Errno.ESTALE);
        kernel.call(KernelRequest.resize(1).nodeid(nodeid)).fails(Errno.ESTALE);
        kernel.send(KernelRequest.forget(1).nodeid(nodeid));
        kernel.expectNothingMore();
        assertThat(device.calls()).isEmpty();
    }

    @Test
    void aRequestThatIsSentAgainIsAnsweredByItsMarkedName() {
        KernelRequest again = KernelRequest.read(0, 512);
        again.unique(again.unique() | FuseProtocol.UNIQUE_RESEND);

        fuse.serve(device).call(again).succeeds(512);
    }

    @Test
    void fsyncAlwaysFlushes() {
        ScriptedFuseDevice kernel = fuse.serve(device);

        kernel.call(KernelRequest.fsync()).succeeds(0);
        kernel.call(KernelRequest.fsync()).succeeds(0);
        kernel.call(KernelRequest.of(FuseOpcode.SYNCFS)).succeeds(0);

        assertThat(device.calls()).containsExactly("flush", "flush", "flush");
    }

    @Test
    void fsyncOfAReadOnlyExportSucceeds() {
        fuse.readOnly().serve(device).call(KernelRequest.fsync()).succeeds(0);
    }

    /** The kernel would take ENOSYS for success, for ever after. */
    @ParameterizedTest
    @EnumSource(BlockErrorKind.class)
    void aFailedFsyncIsNeverNotImplemented(BlockErrorKind kind) {
        device.behave(call -> call.fail(kind));
        ScriptedFuseDevice kernel = fuse.serve(device);

        assertThat(kernel.call(KernelRequest.fsync()).toString())
                .doesNotContain("ENOSYS")
                .startsWith("E");
    }

    @Test
    void flushFlushesWhatWasWritten() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        kernel.call(KernelRequest.flush()).succeeds(0);
        assertThat(device.calls()).as("nothing was written").isEmpty();

        kernel.call(KernelRequest.write(0, new byte[512])).wrote(512);
        kernel.call(KernelRequest.flush()).succeeds(0);
        kernel.call(KernelRequest.flush()).succeeds(0);
        kernel.call(KernelRequest.resize(5)).succeeds();
        kernel.call(KernelRequest.flush()).succeeds(0);

        assertThat(device.calls()).containsExactly("write 0+512", "flush", "truncate 5", "flush");
    }

    @Test
    void aWriteThatEndsDuringAFlushIsFlushedByTheNext() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        kernel.call(KernelRequest.write(0, new byte[512])).wrote(512);
        device.hold();
        KernelRequest write = KernelRequest.write(0, new byte[512]);
        KernelRequest flush = KernelRequest.flush();
        kernel.send(write);
        kernel.send(flush);
        var calls = device.next(2);
        calls.get(0).complete();
        kernel.receive().answers(write);
        calls.get(1).complete();
        kernel.receive().answers(flush);
        device.letGo();

        kernel.call(KernelRequest.flush()).succeeds(0);
        assertThat(device.calls()).endsWith("flush", "flush");
    }

    /** What a flush that has not ended is about may still be lost: nobody else can be told that it is safe. */
    @Test
    void aFlushDuringAFlushIsNotTakenForDone() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        kernel.call(KernelRequest.write(0, new byte[512])).wrote(512);
        device.hold();
        KernelRequest first = KernelRequest.flush();
        KernelRequest second = KernelRequest.flush();
        kernel.send(first);
        kernel.send(second);
        ControlledDevice.Call flushing = device.next();
        kernel.expectNothingMore();

        ControlledDevice.Call again = device.next();
        again.complete();
        kernel.receive().answers(second).succeeds(0);
        flushing.fail(BlockErrorKind.IO);
        kernel.receive().answers(first).fails(Errno.EIO);
        device.letGo();
        kernel.call(KernelRequest.flush()).fails(Errno.EIO);
    }

    @Test
    void statisticsTellSuccessesFromErrors() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        kernel.call(KernelRequest.read(0, 512)).succeeds();
        kernel.call(KernelRequest.read(9_900, 512)).succeeds();
        kernel.call(KernelRequest.write(0, new byte[100])).succeeds();
        kernel.call(KernelRequest.write(10_000, new byte[100])).fails(Errno.ENOSPC);
        kernel.call(KernelRequest.fsync()).succeeds();
        kernel.call(KernelRequest.getattr()).succeeds();
        kernel.call(KernelRequest.chmod(0777)).fails(Errno.EPERM);
        kernel.call(KernelRequest.of(99, 0)).fails(Errno.ENOSYS);

        FuseStatistics statistics = fuse.session().statistics();
        assertThat(statistics.requests(Kind.READ)).isEqualTo(2);
        assertThat(statistics.bytes(Kind.READ)).isEqualTo(612);
        assertThat(statistics.requests(Kind.WRITE)).isOne();
        assertThat(statistics.errors(Kind.WRITE)).isOne();
        assertThat(statistics.bytes(Kind.WRITE)).isEqualTo(100);
        assertThat(statistics.requests(Kind.FLUSH)).isOne();
        assertThat(statistics.requests(Kind.OTHER)).isOne();
        assertThat(statistics.errors(Kind.OTHER)).isOne();
        assertThat(statistics.nanos(Kind.READ)).isPositive();
        assertThat(LongStream.of(statistics.latencies(Kind.READ)).sum()).isEqualTo(2);
        assertThat(statistics.malformed()).isZero();
        assertThat(statistics.pauses()).isZero();
    }
}
