package dev.weir.engine.qmp;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** {@code stdio}: standard input and output, each with a thread of its own, since neither can be waited for. */
final class StdioChardev implements Chardev, QmpMonitor.Link {
    private static final Logger LOGGER = LoggerFactory.getLogger(StdioChardev.class);
    private static final int MOST_UNREAD = 4096;
    private static final String END = "";

    private final ControlLoop loop;
    private final BlockingQueue<String> unread = new ArrayBlockingQueue<>(MOST_UNREAD);

    private boolean paused;

    StdioChardev(ControlLoop loop) {
        this.loop = loop;
    }

    @Override
    public Mono<Void> open(Listener listener) {
        return Mono.fromRunnable(() -> loop.loop().execute(() -> {
            Conversation conversation = listener.connected(this);
            start("weir-stdout", this::write);
            start("weir-stdin", () -> read(conversation));
        }));
    }

    private static void start(String name, Runnable task) {
        var thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void read(Conversation conversation) {
        Executor executor = loop.loop();
        byte[] buffer = new byte[16 * 1024];
        try (var in = new FileInputStream(FileDescriptor.in)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                byte[] bytes = java.util.Arrays.copyOf(buffer, count);
                executor.execute(() -> conversation.received(bytes, 0, bytes.length));
                awaitWanted();
            }
        } catch (IOException e) {
            LOGGER.debug("standard input ends", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        executor.execute(conversation::closed);
    }

    private void write() {
        try (var out = new FileOutputStream(FileDescriptor.out)) {
            for (String text = unread.take(); !text.equals(END); text = unread.take()) {
                out.write(text.getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            LOGGER.debug("standard output ends", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void send(String text) {
        if (!unread.offer(text)) {
            LOGGER.warn("nobody reads standard output: an answer or event is dropped");
        }
    }

    private synchronized void awaitWanted() throws InterruptedException {
        while (paused) {
            wait();
        }
    }

    @Override
    public synchronized void read(boolean wanted) {
        paused = !wanted;
        notifyAll();
    }

    /** Leaves the threads behind, which wait for nobody. */
    @Override
    public Mono<Void> close() {
        return Mono.fromRunnable(() -> unread.offer(END));
    }
}
