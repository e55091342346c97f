package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Small replies of a wake-up that finds many requests come together at its end. */
class ReplyBatchTest {
    private static final int MANY = 10;

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ControlledDevice device = new ControlledDevice(1 << 20);

    /** For each request, whether a reply was there when it had ended. */
    private final List<Boolean> answered = Collections.synchronizedList(new ArrayList<>());

    /** A loop must not block, not even in name. */
    private static void awaitOnLoop(AtomicBoolean flag) {
        long end = System.nanoTime() + ScriptedFuseDevice.PATIENCE.toNanos();
        while (!flag.get() && System.nanoTime() < end) {
            // Until then.
        }
    }

    private List<Long> send(ScriptedFuseDevice kernel, int count, int size) {
        return send(kernel, Collections.nCopies(count, size), false);
    }

    private List<Long> send(ScriptedFuseDevice kernel, List<Integer> sizes, boolean write) {
        List<KernelRequest> requests = new ArrayList<>();
        for (int size : sizes) {
            requests.add(
                    write ? KernelRequest.write(0, ControlledDevice.pattern(size, 1)) : KernelRequest.read(0, size));
        }
        return send(kernel, requests);
    }

    private List<Long> send(ScriptedFuseDevice kernel, List<KernelRequest> requests) {
        var held = new AtomicBoolean();
        var free = new AtomicBoolean();
        fuse.loop(0).execute(() -> {
            held.set(true);
            awaitOnLoop(free);
        });
        SessionFixture.await("held", held::get);
        List<Long> uniques = new ArrayList<>();
        for (KernelRequest request : requests) {
            kernel.send(request);
            uniques.add(request.unique());
        }
        answered.clear();
        free.set(true);
        return uniques;
    }

    /** What was sent, once all of it has ended: no reply is taken away before. */
    private List<Long> receive(ScriptedFuseDevice kernel, int count) {
        SessionFixture.await("served", () -> answered.size() == count);
        List<Long> uniques = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            uniques.add(kernel.receive().unique());
        }
        fuse.onLoop(0, () -> null);
        return uniques;
    }

    private void crowd(ScriptedFuseDevice kernel) {
        send(kernel, MANY, 512);
        receive(kernel, MANY);
    }

    private ScriptedFuseDevice serve() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        device.behave(call -> {
            call.complete();
            answered.add(kernel.hasReply());
        });
        return kernel;
    }

    @Test
    void repliesOfACrowdComeTogetherInOrder() {
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        List<Long> sent = send(kernel, MANY, 512);
        assertThat(receive(kernel, MANY)).isEqualTo(sent);
        assertThat(answered).hasSize(MANY).containsOnly(false);
    }

    @Test
    void noMoreThanSoManyAreKeptBack() {
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        List<Long> sent = send(kernel, ReplyBatch.MAX + MANY, 512);
        assertThat(receive(kernel, sent.size())).isEqualTo(sent);
        assertThat(answered.subList(0, ReplyBatch.MAX - 1)).containsOnly(false);
        assertThat(answered.subList(ReplyBatch.MAX - 1, sent.size())).containsOnly(true);
    }

    @Test
    void whereRequestsComeOneByOneEachIsAnsweredAtOnce() {
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        send(kernel, 1, 512);
        receive(kernel, 1);
        for (int i = 0; i < 3; i++) {
            send(kernel, 1, 512);
            receive(kernel, 1);
            assertThat(answered).containsExactly(true);
        }
    }

    @Test
    void largeRepliesAreWrittenAtOnce() {
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        send(kernel, 4, ReplyBatch.LARGEST);
        receive(kernel, 4);
        assertThat(answered).containsOnly(true);
    }

    @Test
    void repliesToLargeWritesAreWrittenAtOnce() {
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        send(kernel, List.of(512, 512, 72 * 1024), true);
        receive(kernel, 3);
        assertThat(answered).containsExactly(false, false, true);
    }

    @Test
    void noReplyWaitsForLongWhileMuchDataIsMoved() {
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        device.behave(call -> {
            long start = System.nanoTime();
            while (System.nanoTime() - start < ReplyBatch.PATIENCE_NANOS) {
                // Until then.
            }
            call.complete();
            answered.add(kernel.hasReply());
        });
        send(kernel, List.of(64 * 1024, 64 * 1024, 512), true);
        receive(kernel, 3);
        assertThat(answered).containsExactly(false, true, true);
    }

    @Test
    void repliesComeTogetherHoweverMuchDataIsMovedInNoTime() {
        ScriptedFuseDevice kernel = serve();
        // The loop may lose its processor for so long.
        for (int attempt = 0; attempt < 500; attempt++) {
            crowd(kernel);
            send(kernel, Collections.nCopies(3, 64 * 1024), true);
            receive(kernel, 3);
            if (answered.equals(List.of(false, false, false))) {
                return;
            }
        }
        assertThat(answered).containsOnly(false);
    }

    @Test
    void whatMayTakeLongKeepsNoRepliesWaiting() {
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        device.behave(call -> {
            answered.add(kernel.hasReply());
            call.complete();
        });
        send(kernel, List.of(KernelRequest.read(0, 512), KernelRequest.read(0, 512), KernelRequest.fsync()));
        receive(kernel, 3);
        assertThat(answered).containsExactly(false, false, true);
    }

    @Test
    void whatAnotherThreadEndsIsAnsweredByIt() {
        ExecutorService other = SessionFixture.threads(1);
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        device.behave(call -> {
            var ended = new AtomicBoolean();
            other.execute(() -> {
                call.complete();
                ended.set(true);
            });
            awaitOnLoop(ended);
            answered.add(kernel.hasReply());
        });
        send(kernel, MANY, 512);
        receive(kernel, MANY);
        assertThat(answered).hasSize(MANY).containsOnly(true);
        other.shutdown();
    }

    @Test
    void replyIsWrittenRatherThanKeptWhereTheBudgetIsUsedUp() {
        fuse.budget(64 << 20, 4);
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        List<Long> sent = send(kernel, MANY, 512);
        assertThat(receive(kernel, MANY)).isEqualTo(sent);
        assertThat(answered.subList(0, 4)).containsOnly(false);
        assertThat(fuse.session().statistics().pauses()).isZero();
    }

    @Test
    void whatWasKeptIsAnsweredThoughTheConnectionEnds() {
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        device.behave(call -> {
            call.complete();
            fuse.session().quiesce();
        });
        List<Long> sent = send(kernel, MANY, 512);
        assertThat(kernel.receive().unique()).isEqualTo(sent.get(0));
        SessionFixture.await(fuse.session().quiesce());
    }
}
