package dev.weir.fuse.session;

import static dev.weir.fuse.session.ControlledDevice.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many requests at a time that end in any order and on any thread. */
class ConcurrentRequestsTest {
    private static final int MIB = 1 << 20;

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ExecutorService threads = SessionFixture.threads(4);
    private final Random random = new Random(20_26);

    @AfterEach
    void stop() throws InterruptedException {
        threads.shutdown();
        assertThat(threads.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void repliesComeInTheOrderInWhichOperationsEnd() {
        ControlledDevice device = new ControlledDevice(0).with(pattern(MIB, 0)).hold();
        ScriptedFuseDevice kernel = fuse.serve(device);
        List<KernelRequest> requests = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            requests.add(KernelRequest.read(i * 4096L, 4096));
        }
        requests.forEach(kernel::send);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < requests.size(); i++) {
            order.add(i);
        }
        Collections.shuffle(order, random);
        List<ControlledDevice.Call> calls = device.next(requests.size());

        for (int i : order) {
            calls.get(i).complete();
            kernel.receive()
                    .answers(requests.get(i))
                    .succeedsWith(Arrays.copyOfRange(pattern(MIB, 0), i * 4096, (i + 1) * 4096));
        }
    }

    /**
     * Payloads around the size from which a WRITE keeps the buffer that it was received in. Data that was overwritten by a
     * later request, or shifted by a byte, shows.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 100, 4096, 65_535, 65_536, 65_537, 100_000, 131_072})
    void whatWasWrittenIsThere(int size) {
        int count = 24;
        byte[] expected = new byte[count * size];
        ControlledDevice device = new ControlledDevice(expected.length).hold();
        ScriptedFuseDevice kernel = fuse.serve(device);
        for (int i = 0; i < count; i++) {
            byte[] data = pattern(size, i * 7 + 1);
            System.arraycopy(data, 0, expected, i * size, size);
            kernel.send(KernelRequest.write((long) i * size, data));
        }
        List<ControlledDevice.Call> calls = new ArrayList<>(device.next(count));
        Collections.shuffle(calls, random);
        calls.forEach(call -> threads.execute(call::complete));

        assertThat(kernel.receive(count).values()).allSatisfy(reply -> reply.wrote(size));
        assertThat(device.contents()).isEqualTo(expected);
    }

    /** A model in an array, requests on places of their own, and operations that end on four threads in any order. */
    @Test
    void randomReadsAndWritesAgreeWithAModel() {
        int places = 16;
        int place = 128 << 10;
        byte[] model = pattern(places * place, 5);
        ControlledDevice device = new ControlledDevice(0).with(model);
        device.behave(call -> threads.execute(() -> {
            if (call.hashCode() % 3 == 0) {
                Thread.yield();
            }
            call.complete();
        }));
        ScriptedFuseDevice kernel = fuse.budget(4 << 20, 64).serve(device);

        for (int round = 0; round < 150; round++) {
            Map<Long, byte[]> expected = new HashMap<>();
            for (int i = 0; i < places; i++) {
                boolean write = random.nextBoolean();
                // All replies of a round must fit into the buffer of a socket.
                int size = 1 + random.nextInt(random.nextBoolean() ? 4096 : write ? place : 16384);
                int at = i * place + random.nextInt(place - size + 1);
                KernelRequest request;
                if (write) {
                    byte[] data = pattern(size, random.nextInt());
                    request = KernelRequest.write(at, data);
                    System.arraycopy(data, 0, model, at, size);
                    expected.put(request.unique(), new byte[0]);
                } else {
                    request = KernelRequest.read(at, size);
                    expected.put(request.unique(), Arrays.copyOfRange(model, at, at + size));
                }
                kernel.send(request);
            }
            kernel.receive(places).forEach((unique, reply) -> {
                byte[] data = expected.remove(unique);
                if (data.length == 0) {
                    reply.succeeds(8);
                } else {
                    reply.succeedsWith(data);
                }
            });
            assertThat(expected).isEmpty();
        }
        assertThat(device.contents()).isEqualTo(model);
    }

    @Test
    void severalQueuesServeOneFile() {
        ControlledDevice device = new ControlledDevice(0).with(new byte[MIB]);
        device.behave(call -> threads.execute(call::complete));
        fuse.queues(2).growable().serve(device);
        ScriptedFuseDevice first = fuse.kernel(0);
        ScriptedFuseDevice second = fuse.kernel(1);

        for (int round = 0; round < 100; round++) {
            int end = device.contents().length;
            KernelRequest one = KernelRequest.write(end, pattern(1000, round));
            KernelRequest two = KernelRequest.write(end + 1000, pattern(1000, round + 1));
            first.send(one);
            second.send(two);
            // Each reply on the descriptor that its request came from.
            first.receive().answers(one).wrote(1000);
            second.receive().answers(two).wrote(1000);
            assertThat(device.contents()).hasSize(end + 2000).endsWith(pattern(1000, round + 1));
            second.call(KernelRequest.read(end, 1000)).succeedsWith(pattern(1000, round));
        }
        SessionFixture.await("idle", () -> fuse.session().inFlight() == 0);
    }
}
