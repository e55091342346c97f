package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BounceBuffersTest {
    private static final int LARGEST = 64 << 10;
    private static final long COST = BounceBuffer.cost(LARGEST);
    private static final long TOTAL = 200 * COST;

    private boolean outOfMemory;
    private final AtomicInteger made = new AtomicInteger();
    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final BufferMemory memory = new BufferMemory(TOTAL, capacity -> {
        if (outOfMemory) {
            throw new OutOfMemoryError("made up");
        }
        made.incrementAndGet();
        return new BounceBuffer(capacity);
    });
    private BounceBuffers buffers = create(8 * COST, 100);

    private BounceBuffers create(long maxBytes, int maxRequests) {
        try {
            return new BounceBuffers(maxBytes, maxRequests, LARGEST, memory.admit(1, LARGEST), group.next());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void use(long maxBytes, int maxRequests) {
        buffers.close();
        buffers = create(maxBytes, maxRequests);
        buffers.receive();
    }

    @BeforeEach
    void receive() {
        buffers.receive();
    }

    @AfterEach
    void close() throws InterruptedException {
        assertThat(buffers.lent()).isZero();
        buffers.unreserve();
        assertThat(buffers.lentBytes()).isZero();
        buffers.close();
        assertThat(memory.allocatedBytes()).isZero();
        assertThat(memory.budget().free()).isEqualTo(TOTAL);
        group.shutdownGracefully(0, 0, TimeUnit.SECONDS).await(5, TimeUnit.SECONDS);
    }

    @Test
    void payloadsStartAtAPage() {
        for (int size : new int[] {0, 1, 4096, 4097, LARGEST}) {
            BounceBuffer buffer = buffers.acquire(size);
            assertThat(buffer.address(BounceBuffer.HEADROOM) % 4096).isZero();
            assertThat(buffer.capacity()).isGreaterThanOrEqualTo(size);
            assertThat(buffer.bytes().capacity()).isEqualTo(BounceBuffer.HEADROOM + buffer.capacity());
            buffer.bytes().put(BounceBuffer.HEADROOM, (byte) 42);
            assertThat(buffer.payload(1).get(0)).isEqualTo((byte) 42);
            buffers.release(buffer);
        }
    }

    @Test
    void smallRequestsTakeSmallBuffers() {
        List<BounceBuffer> taken = new ArrayList<>();
        for (int size : new int[] {0, 1, 4096, 4097, 8192, 8193, 40_000}) {
            taken.add(buffers.acquire(size));
        }
        assertThat(taken)
                .extracting(BounceBuffer::capacity)
                .containsExactly(4096, 4096, 4096, 8192, 8192, 16384, LARGEST);
        assertThat(buffers.lent()).isEqualTo(7);
        assertThat(buffers.lentBytes())
                .isEqualTo(taken.stream().mapToLong(BounceBuffer::cost).sum());
        taken.forEach(buffers::release);
    }

    /** The receive buffer counts with its whole size. */
    @Test
    void theReceiveBufferIsHandedOnForSmallPayloadsOnlyWhileThereIsPlentyOfRoom() {
        assertThat(buffers.reserve()).isTrue();
        assertThat(buffers.mayHandOn(16 << 10)).isFalse();
        assertThat(buffers.mayHandOn(20 << 10)).isTrue();
        List<BounceBuffer> lent = List.of(buffers.handOn(), buffers.acquire(LARGEST));
        assertThat(buffers.reserve()).isTrue();
        assertThat(buffers.mayHandOn(20 << 10)).isFalse();
        assertThat(buffers.mayHandOn((64 << 10) + 1)).isTrue();
        lent.forEach(buffers::release);
    }

    @Test
    void whatCameBackIsUsedAgain() {
        BounceBuffer first = buffers.acquire(100);
        buffers.release(first);
        BounceBuffer second = buffers.acquire(4096);
        assertThat(second).isSameAs(first);
        buffers.release(second);
        assertThat(made).hasValue(2);
    }

    @Test
    void thereIsRoomWhileTheLargestRequestFits() {
        use(2 * COST, 100);
        BounceBuffer large = buffers.acquire(LARGEST);
        assertThat(buffers.reserve()).isTrue();
        BounceBuffer small = buffers.acquire(1);
        assertThat(buffers.reserve()).isFalse();
        buffers.release(small);
        assertThat(buffers.reserve()).isTrue();
        buffers.release(large);
    }

    @Test
    void thereIsRoomForSoManyRequests() {
        use(100 * COST, 3);
        Queue<BounceBuffer> taken = new ArrayDeque<>();
        for (int i = 0; i < 3; i++) {
            assertThat(buffers.reserve()).isTrue();
            taken.add(buffers.acquire(1));
        }
        assertThat(buffers.reserve()).isFalse();
        buffers.release(taken.remove());
        assertThat(buffers.reserve()).isTrue();
        taken.forEach(buffers::release);
    }

    @Test
    void oneRequestIsAlwaysTaken() {
        use(1, 1);
        assertThat(buffers.reserve()).isTrue();
        BounceBuffer buffer = buffers.acquire(LARGEST);
        assertThat(buffers.reserve()).isFalse();
        buffers.release(buffer);
        assertThat(buffers.reserve()).isTrue();
    }

    @Test
    void theReceiveBufferBecomesThatOfARequest() {
        BounceBuffer full = buffers.receive();
        assertThat(buffers.handOn()).isSameAs(full);
        assertThat(buffers.receive()).isNotSameAs(full);
        assertThat(buffers.receive().capacity()).isEqualTo(LARGEST);
        assertThat(buffers.lent()).isOne();
        assertThat(buffers.lentBytes()).isEqualTo(COST);
        buffers.release(full);
        BounceBuffer next = buffers.handOn();
        assertThat(buffers.receive()).isSameAs(full);
        buffers.release(next);
        assertThat(made).hasValue(2);
    }

    @Test
    void withoutMemoryNothingIsLent() {
        outOfMemory = true;
        assertThatThrownBy(() -> buffers.acquire(1)).isInstanceOf(OutOfMemoryError.class);
        assertThatThrownBy(() -> buffers.handOn()).isInstanceOf(OutOfMemoryError.class);
        assertThat(buffers.lent()).isZero();
        assertThat(buffers.lentBytes()).isZero();
        assertThat(memory.allocatedBytes()).isEqualTo(COST);
    }

    @Test
    void idleBuffersMakeWayForOtherSizes() {
        use(4 * COST, 1000);
        List<BounceBuffer> small = new ArrayList<>();
        while (buffers.reserve()) {
            small.add(buffers.acquire(1));
        }
        small.forEach(buffers::release);
        List<BounceBuffer> large = new ArrayList<>();
        while (buffers.reserve()) {
            large.add(buffers.acquire(LARGEST));
        }
        assertThat(large).hasSize(4);
        assertThat(memory.allocatedBytes()).isLessThanOrEqualTo(5 * COST);
        large.forEach(buffers::release);
    }

    /** One loop takes, several threads give back, as requests end. */
    @Test
    void memoryStaysWithinTheBudgetWhateverTheMix() throws InterruptedException {
        int budget = 6;
        use(budget * COST, 64);
        BlockingQueue<BounceBuffer> busy = new ArrayBlockingQueue<>(64);
        Set<BounceBuffer> inUse = Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            var thread = new Thread(() -> giveBack(busy, inUse));
            thread.start();
            threads.add(thread);
        }
        var random = new SplittableRandom(7);
        long highest = 0;
        for (int taken = 0; taken < 20_000; ) {
            if (!buffers.reserve()) {
                Thread.yield();
                continue;
            }
            BounceBuffer buffer;
            if (random.nextInt(8) == 0) {
                buffer = buffers.handOn();
            } else {
                buffer = buffers.acquire(random.nextInt(1 + (1 << random.nextInt(17))));
            }
            assertThat(inUse.add(buffer)).as("lent to one request at a time").isTrue();
            highest = Math.max(highest, memory.allocatedBytes());
            busy.put(buffer);
            taken++;
        }
        for (int i = 0; i < threads.size(); i++) {
            busy.put(buffers.receive());
        }
        for (Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(10));
        }
        assertThat(inUse).isEmpty();
        assertThat(highest).isGreaterThan(budget * COST / 2).isLessThanOrEqualTo((budget + 1) * COST);
    }

    /** The receive buffer tells that there is no more. */
    private void giveBack(BlockingQueue<BounceBuffer> busy, Set<BounceBuffer> inUse) {
        try {
            for (BounceBuffer buffer = busy.take(); inUse.remove(buffer); buffer = busy.take()) {
                buffers.release(buffer);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
