package dev.weir.engine.qmp;

import dev.weir.engine.control.Control;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.OptionReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Lets clients control an engine over QMP. Chardevs are added by their options, then monitors on them. Any thread, but one
 * at a time adds.
 */
public final class QmpServer {
    private final ControlLoop loop = new ControlLoop();
    private final QmpCommands commands;
    private final Control control;
    private final Map<String, Chardev> chardevs = new LinkedHashMap<>();
    private final Map<String, Consumer<Chardev.Listener>> waitingForMonitor = new HashMap<>();
    private final List<Runnable> held = new ArrayList<>();
    private final QmpEvents events;

    /** Confined to the loop. */
    private final Set<QmpMonitor> monitors = new LinkedHashSet<>();

    /**
     * @param release this program's own version
     * @param quit ends the process; called on any thread, once for each {@code quit}, when the engine was shut down
     */
    public QmpServer(Control control, String release, Runnable quit) {
        this.control = control;
        this.commands = new QmpCommands(control, release, quit);
        this.events = new QmpEvents(loop.loop(), event -> monitors.forEach(monitor -> monitor.event(event)));
        control.addListener(events);
    }

    /** The version of QEMU that clients are told: three numbers. */
    public static String qemuVersion() {
        return QmpCommands.PARITY[0] + "." + QmpCommands.PARITY[1] + "." + QmpCommands.PARITY[2];
    }

    /**
     * Opens a chardev.
     *
     * @param text as {@code --chardev} takes it: {@code socket,id=ID,path=PATH,server=on,wait=off}, {@code
     *     socket,id=ID,fd=N}, {@code stdio,id=ID} or {@code null,id=ID}
     * @return completes when it is open; fails with {@link BlockErrorKind#INVALID} and QEMU's text
     */
    public Mono<Void> addChardev(String text) {
        return Mono.defer(() -> {
            OptionReader options = Chardevs.reader(text);
            String backend = options.string("backend");
            String id = options.string("id", null);
            if (id == null) {
                throw invalid("chardev: no id specified");
            }
            if (chardevs.containsKey(id)) {
                throw invalid("Chardev with id '" + id + "' already exists");
            }
            Chardev chardev = Chardevs.of(backend, options, loop);
            var switchboard = new Switchboard();
            return chardev.open(switchboard).doOnSuccess(nothing -> {
                chardevs.put(id, chardev);
                waitingForMonitor.put(id, switchboard::monitor);
            });
        });
    }

    /**
     * Puts a monitor on a chardev; its clients are greeted and listened to after the next {@link #serve}.
     *
     * @param options as {@code --monitor} takes them: {@code chardev}, {@code mode=control}, {@code pretty}
     * @throws BlockException of kind {@link BlockErrorKind#INVALID} with QEMU's text
     */
    public void addMonitor(NodeOptions options) {
        var reader = new OptionReader(options);
        String chardev = reader.string("chardev");
        String mode = reader.string("mode", "control");
        boolean pretty = reader.flag("pretty", false);
        reader.string("id", null);
        reader.end();
        if (mode != null && !mode.equals("control")) {
            throw invalid("Only QMP is supported");
        }
        if (!chardevs.containsKey(chardev)) {
            throw invalid("chardev \"" + chardev + "\" not found");
        }
        Consumer<Chardev.Listener> ready = waitingForMonitor.remove(chardev);
        if (ready == null) {
            throw invalid("Device '" + chardev + "' is in use");
        }
        held.add(() -> ready.accept(link -> connected(link, pretty)));
    }

    /** Begins to listen to the clients of all monitors that were added since the last call. */
    public void serve() {
        held.forEach(loop.loop()::execute);
        held.clear();
    }

    private Chardev.Conversation connected(QmpMonitor.Link link, boolean pretty) {
        var monitor = new QmpMonitor(link, commands, loop.loop(), pretty);
        monitors.add(monitor);
        monitor.open();
        return new Chardev.Conversation() {
            @Override
            public void received(byte[] bytes, int from, int to) {
                monitor.received(bytes, from, to);
            }

            @Override
            public void closed() {
                monitors.remove(monitor);
                monitor.close();
            }
        };
    }

    /** Sends what waits, drops every client and takes no more. */
    public Mono<Void> close() {
        return Mono.defer(() -> {
            control.removeListener(events);
            return Flux.fromIterable(chardevs.values())
                    .concatMapDelayError(Chardev::close)
                    .then(Mono.defer(loop::stop));
        });
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }

    /** Holds clients that come before there is a monitor. Confined to the loop. */
    private static final class Switchboard implements Chardev.Listener {
        private final Set<Early> early = new LinkedHashSet<>();
        private Chardev.@Nullable Listener monitor;

        @Override
        public Chardev.Conversation connected(QmpMonitor.Link link) {
            Chardev.Listener there = monitor;
            if (there != null) {
                return there.connected(link);
            }
            var client = new Early(link);
            link.read(false);
            early.add(client);
            return client;
        }

        void monitor(Chardev.Listener listener) {
            monitor = listener;
            early.forEach(client -> client.pass(listener));
            early.clear();
        }
    }

    /** A client that nobody listens to yet. */
    private static final class Early implements Chardev.Conversation {
        private final QmpMonitor.Link link;
        private Chardev.@Nullable Conversation conversation;
        private byte[] held = new byte[0];
        private boolean gone;

        Early(QmpMonitor.Link link) {
            this.link = link;
        }

        void pass(Chardev.Listener listener) {
            if (gone) {
                return;
            }
            Chardev.Conversation next = listener.connected(link);
            conversation = next;
            next.received(held, 0, held.length);
            held = new byte[0];
            link.read(true);
        }

        @Override
        public void received(byte[] bytes, int from, int to) {
            Chardev.Conversation next = conversation;
            if (next != null) {
                next.received(bytes, from, to);
                return;
            }
            byte[] longer = java.util.Arrays.copyOf(held, held.length + to - from);
            System.arraycopy(bytes, from, longer, held.length, to - from);
            held = longer;
        }

        @Override
        public void closed() {
            gone = true;
            Chardev.Conversation next = conversation;
            if (next != null) {
                next.closed();
            }
        }
    }
}
