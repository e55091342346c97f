package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.publisher.Mono;

/** A drain pauses reading; a client waits, and hears nothing of it. */
class DrainTest {
    private static final Duration A_WHILE = Duration.ofMillis(100);

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ControlledDevice device = new ControlledDevice(10_000);

    /** Begins a drain, and waits until it has begun and the queues have heard of it. */
    private void begin(Mono<Void> drain) {
        SessionFixture.await(drain.toFuture());
        fuse.onLoop(0, () -> null);
        fuse.onLoop(1, () -> null);
    }

    @Test
    void requestsWaitUntilTheDrainEnds() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        begin(fuse.backend().drainedBegin());
        KernelRequest read = KernelRequest.read(0, 512);
        KernelRequest getattr = KernelRequest.getattr();
        kernel.send(read);
        kernel.send(getattr);
        kernel.expectSilence(A_WHILE);
        assertThat(fuse.session().inFlight()).isZero();
        assertThat(device.calls()).isEmpty();

        fuse.backend().drainedEnd();

        kernel.receive().answers(read).succeeds(512);
        kernel.receive().answers(getattr).succeeds(104);
    }

    @Test
    void aDrainWaitsForWhatIsInFlight() {
        device.hold();
        ScriptedFuseDevice kernel = fuse.serve(device);
        KernelRequest write = KernelRequest.write(0, new byte[512]);
        kernel.send(write);
        ControlledDevice.Call call = device.next();
        CompletableFuture<Void> drained = fuse.graph().drainedBegin(fuse.node()).toFuture();
        assertThat(drained).isNotDone();

        call.complete();

        SessionFixture.await(drained);
        kernel.receive().answers(write).wrote(512);
        fuse.graph().drainedEnd(fuse.node());
    }

    @Test
    void drainsNest() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        begin(fuse.backend().drainedBegin());
        begin(fuse.backend().drainedBegin());
        KernelRequest statfs = KernelRequest.statfs();
        kernel.send(statfs);
        fuse.backend().drainedEnd();
        kernel.expectSilence(A_WHILE);

        fuse.backend().drainedEnd();

        kernel.receive().answers(statfs).succeeds();
    }

    @Test
    void everyQueuePauses() {
        fuse.queues(2).serve(device);
        begin(fuse.backend().drainedBegin());
        KernelRequest one = KernelRequest.statfs();
        KernelRequest two = KernelRequest.statfs();
        fuse.kernel(0).send(one);
        fuse.kernel(1).send(two);
        fuse.kernel(0).expectSilence(A_WHILE);
        fuse.kernel(1).expectSilence(Duration.ZERO);

        fuse.backend().drainedEnd();

        fuse.kernel(0).receive().answers(one).succeeds();
        fuse.kernel(1).receive().answers(two).succeeds();
    }

    @Test
    void aSessionOverADrainedNodeBeginsWhenTheDrainEnds() {
        var node = fuse.graph().add("d", device).block();
        begin(fuse.graph().drainedBegin(node));
        ScriptedFuseDevice kernel = fuse.prepare(node);
        SessionFixture.await(fuse.session().start());
        KernelRequest statfs = KernelRequest.statfs();
        kernel.send(statfs);
        kernel.expectSilence(A_WHILE);

        fuse.graph().drainedEnd(node);

        kernel.receive().answers(statfs).succeeds();
    }

    @Test
    void aThousandDrainsUnderLoadLoseNothing() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        for (int round = 0; round < 1000; round++) {
            KernelRequest first = KernelRequest.read(0, 64);
            KernelRequest second = KernelRequest.write(0, new byte[64]);
            kernel.send(first);
            CompletableFuture<Void> drained = fuse.backend().drainedBegin().toFuture();
            kernel.send(second);
            SessionFixture.await(drained);
            fuse.backend().drainedEnd();
            var replies = kernel.receive(2);
            replies.get(first.unique()).succeeds(64);
            replies.get(second.unique()).wrote(64);
        }
        assertThat(fuse.session().statistics().pauses())
                .as("pauses for want of room")
                .isZero();
    }

    @Test
    void whileDrainedTheLoopRests() throws InterruptedException {
        ScriptedFuseDevice kernel = fuse.serve(device);
        begin(fuse.backend().drainedBegin());
        KernelRequest statfs = KernelRequest.statfs();
        kernel.send(statfs);

        assertThat(fuse.idleTime(0, Duration.ofMillis(200))).isLessThan(Duration.ofMillis(50));

        fuse.backend().drainedEnd();
        kernel.receive().answers(statfs).succeeds();
    }
}
