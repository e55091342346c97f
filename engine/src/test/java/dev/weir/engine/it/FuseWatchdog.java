package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.commons.support.AnnotationSupport.findAnnotation;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Aborts the connections of a test that takes too long, so that nobody waits in the kernel for a server that hangs, and
 * fails a test that leaves a mount or a process behind. What was there before a test belongs to its class.
 */
final class FuseWatchdog implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(FuseWatchdog.class);
    private static final ScheduledExecutorService TIMER = Executors.newSingleThreadScheduledExecutor(task -> {
        var thread = new Thread(task, "fuse-watchdog");
        thread.setDaemon(true);
        return thread;
    });

    /** What there was before the test, and the clock that runs against it. */
    private record Watch(
            List<FuseMounts.Mount> mounts, Set<Long> children, AtomicBoolean barked, ScheduledFuture<?> clock) {}

    @Override
    public void beforeAll(ExtensionContext context) {
        begin(context, TimeUnit.MINUTES.toSeconds(15));
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        begin(context, seconds(context));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        end(context);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        end(context);
    }

    private static int seconds(ExtensionContext context) {
        return context.getElement()
                .flatMap(method -> findAnnotation(method, MountRequired.class))
                .or(() -> findAnnotation(context.getRequiredTestClass(), MountRequired.class))
                .map(MountRequired::seconds)
                .map(seconds -> Boolean.getBoolean("weir.it.long") ? 10 * seconds : seconds)
                .orElseThrow();
    }

    private static void begin(ExtensionContext context, long seconds) {
        var barked = new AtomicBoolean();
        ScheduledFuture<?> clock = TIMER.schedule(
                () -> {
                    barked.set(true);
                    FuseMounts.watched().forEach(FuseMounts::abort);
                    Client.killAll();
                },
                seconds,
                TimeUnit.SECONDS);
        context.getStore(NAMESPACE)
                .put(
                        Watch.class,
                        new Watch(
                                FuseMounts.watched(),
                                new HashSet<>(Client.children().keySet()),
                                barked,
                                clock));
    }

    private static void end(ExtensionContext context) {
        Watch watch = context.getStore(NAMESPACE).remove(Watch.class, Watch.class);
        if (watch == null) {
            return; // nothing began
        }
        watch.clock().cancel(false);
        List<FuseMounts.Mount> mounts = FuseMounts.watched().stream()
                .filter(mount -> !watch.mounts().contains(mount))
                .toList();
        Map<Long, String> children = Client.children();
        children.keySet().removeAll(watch.children());
        children.keySet().forEach(child -> ProcessHandle.of(child).ifPresent(ProcessHandle::destroyForcibly));
        FuseMounts.remove(mounts);
        assertThat(watch.barked())
                .as("the watchdog had to abort the connections")
                .isFalse();
        assertThat(mounts).as("mounts that the test left behind").isEmpty();
        assertThat(children).as("processes that the test left behind").isEmpty();
    }
}
