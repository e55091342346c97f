package dev.weir.fuse.session;

import static dev.weir.fuse.session.ControlledDevice.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.protocol.Errno;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A request gets one reply, whatever the device does, and the next request is served. */
class ExactlyOneReplyTest {
    private static final int LENGTH = 256 << 10;

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ControlledDevice device = new ControlledDevice(LENGTH);

    enum Misbehaviour {
        THROWS(Errno.EIO, call -> {
            throw new IllegalStateException("made up");
        }),
        THROWS_A_BLOCK_EXCEPTION(Errno.ENOSPC, call -> {
            throw BlockException.of(BlockErrorKind.NO_SPACE, "made up");
        }),
        RUNS_OUT_OF_MEMORY(Errno.ENOMEM, call -> {
            throw new OutOfMemoryError("made up");
        }),
        OVERFLOWS_THE_STACK(Errno.EIO, call -> {
            throw new StackOverflowError("made up");
        }),
        LACKS_A_CLASS(Errno.EIO, call -> {
            throw new NoClassDefFoundError("made up");
        }),
        FAILS_WITH_AN_ERROR(Errno.ENOMEM, call -> call.subscriber.onError(new OutOfMemoryError("made up"))),
        FAILS_TWICE(Errno.EIO, call -> {
            call.fail(BlockErrorKind.IO);
            call.fail(BlockErrorKind.NO_SPACE);
        }),
        FAILS_AND_COMPLETES(Errno.EIO, call -> {
            call.fail(BlockErrorKind.IO);
            call.complete();
        }),
        FAILS_AND_THROWS(Errno.EIO, call -> {
            call.fail(BlockErrorKind.IO);
            throw new IllegalStateException("made up");
        }),
        COMPLETES_TWICE(null, call -> {
            call.complete();
            call.subscriber.onComplete();
        }),
        COMPLETES_AND_FAILS(null, call -> {
            call.complete();
            call.fail(BlockErrorKind.IO);
        }),
        COMPLETES_AND_THROWS(null, call -> {
            call.complete();
            throw new OutOfMemoryError("made up");
        }),
        EMITS_A_VALUE(null, call -> {
            call.subscriber.onNext("a value");
            call.complete();
        }),
        IS_SUBSCRIBED_TO_TWICE(null, call -> {
            call.subscriber.onSubscribe(call);
            call.complete();
        });

        /** Null for success. */
        private final Errno errno;

        private final Consumer<ControlledDevice.Call> behaviour;

        Misbehaviour(Errno errno, Consumer<ControlledDevice.Call> behaviour) {
            this.errno = errno;
            this.behaviour = behaviour;
        }
    }

    private static List<Supplier<KernelRequest>> requests() {
        return List.of(
                () -> KernelRequest.read(0, 4096),
                () -> KernelRequest.read(0, 100_000),
                () -> KernelRequest.write(0, pattern(4096, 1)),
                () -> KernelRequest.write(0, pattern(100_000, 2)),
                () -> KernelRequest.write(LENGTH, pattern(10, 3)),
                () -> KernelRequest.resize(LENGTH + 1000),
                () -> KernelRequest.fallocate(KernelRequest.ZERO_RANGE, 0, 4096),
                () -> KernelRequest.fallocate(0, LENGTH, 4096),
                KernelRequest::fsync);
    }

    private void check(ScriptedFuseDevice kernel, KernelRequest request, Misbehaviour misbehaviour) {
        KernelReply reply = kernel.receive().answers(request);
        if (misbehaviour.errno == null) {
            reply.succeeds();
        } else {
            reply.fails(misbehaviour.errno);
        }
        kernel.expectNothingMore();
        SessionFixture.await(
                "idle", () -> fuse.session().inFlight() == 0 && fuse.backend().inFlight() == 0);
        fuse.onLoop(0, () -> null);
        assertThat(fuse.session().inFlightBytes()).isZero();
        assertThat(fuse.session().unanswered()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void onTheLoop(Misbehaviour misbehaviour) {
        ScriptedFuseDevice kernel = fuse.growable().serve(device);
        for (Supplier<KernelRequest> next : requests()) {
            KernelRequest request = next.get();
            device.behave(misbehaviour.behaviour);
            kernel.send(request);
            check(kernel, request, misbehaviour);
        }
        device.letGo();
        kernel.call(KernelRequest.read(0, 4096)).succeeds(4096);
        kernel.call(KernelRequest.resize(LENGTH)).succeeds();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = ".*THROWS.*|RUNS_.*|OVERFLOWS_.*|LACKS_.*")
    void onAnotherThread(Misbehaviour misbehaviour) throws InterruptedException {
        ScriptedFuseDevice kernel = fuse.growable().serve(device);
        for (Supplier<KernelRequest> next : requests()) {
            KernelRequest request = next.get();
            device.hold();
            kernel.send(request);
            ControlledDevice.Call call = device.next();
            // Steps that follow the first.
            device.behave(misbehaviour.behaviour);
            var thread = new Thread(() -> misbehaviour.behaviour.accept(call));
            thread.start();
            check(kernel, request, misbehaviour);
            thread.join();
        }
    }

    @Test
    void aRequestThatNeverEndsHoldsUpNoOther() {
        device.hold();
        ScriptedFuseDevice kernel = fuse.serve(device);
        KernelRequest stuck = KernelRequest.write(8192, new byte[4096]);
        kernel.send(stuck);
        ControlledDevice.Call call = device.next();
        device.letGo();

        for (int i = 0; i < 100; i++) {
            kernel.call(KernelRequest.read(0, 4096)).succeeds(4096);
        }
        SessionFixture.await("the others ended", () -> fuse.session().inFlight() == 1);
        assertThat(fuse.session().unanswered()).containsExactly("WRITE " + stuck.unique() + " of 4096 at 8192");

        call.complete();
        kernel.receive().answers(stuck).wrote(4096);
        SessionFixture.await("idle", () -> fuse.session().unanswered().isEmpty());
    }

    @Test
    void everyUnansweredRequestIsRememberedHoweverManyThereAre() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        device.hold();
        List<ControlledDevice.Call> calls = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            kernel.send(KernelRequest.read(0, 512));
            calls.add(device.next());
        }
        assertThat(fuse.session().unanswered()).hasSize(500);

        calls.subList(0, 250).forEach(ControlledDevice.Call::complete);
        for (int i = 0; i < 250; i++) {
            kernel.receive();
        }
        assertThat(fuse.session().unanswered()).hasSize(250);
        calls.subList(250, 500).forEach(ControlledDevice.Call::complete);
        for (int i = 0; i < 250; i++) {
            kernel.receive();
        }
    }

    @Test
    void withoutMemoryForItsBufferARequestIsRefusedAndTheQueueGoesOn() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        fuse.outOfMemory(true);
        kernel.call(KernelRequest.read(0, 4096)).fails(Errno.ENOMEM);
        kernel.call(KernelRequest.write(0, new byte[100_000])).fails(Errno.ENOMEM);
        kernel.call(KernelRequest.write(0, new byte[100])).fails(Errno.ENOMEM);
        kernel.call(KernelRequest.getattr()).fails(Errno.ENOMEM);
        assertThat(fuse.session().inFlight()).isZero();
        // The wake-up that served them ends, and with it what it reserved.
        fuse.onLoop(0, () -> null);
        assertThat(fuse.session().inFlightBytes()).isZero();
        assertThat(device.calls()).isEmpty();

        fuse.outOfMemory(false);
        kernel.call(KernelRequest.write(0, pattern(100_000, 1))).wrote(100_000);
        kernel.call(KernelRequest.read(0, 100_000)).succeedsWith(pattern(100_000, 1));
    }
}
