package dev.weir.engine.qmp;

import dev.weir.engine.socket.OwnerOnlySocket;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * {@code socket}: a Unix domain socket, at a path that only its owner may use, or a descriptor that was inherited. As a
 * server it takes several clients at once; as a client it connects, again and again with {@code reconnect}.
 */
final class SocketChardev implements Chardev {
    private static final Logger LOGGER = LoggerFactory.getLogger(SocketChardev.class);

    private static final int MOST_CLIENTS = 32;

    private final ControlLoop loop;
    private final @Nullable String path;
    private final int fd;
    private final boolean server;
    private final boolean wait;
    private final long reconnectMillis;
    private final ChannelGroup clients;
    private final Sinks.Empty<Void> firstClient = Sinks.empty();
    private volatile @Nullable Channel listening;
    private volatile boolean closed;

    /**
     * @param fd an open descriptor, or -1 for the path
     * @param wait whether opening completes only when there is a client
     * @param reconnectMillis 0 for never
     */
    SocketChardev(ControlLoop loop, @Nullable String path, int fd, boolean server, boolean wait, long reconnectMillis) {
        this.loop = loop;
        this.path = path;
        this.fd = fd;
        this.server = server;
        this.wait = wait;
        this.reconnectMillis = reconnectMillis;
        this.clients = new DefaultChannelGroup(loop.loop());
    }

    @Override
    public Mono<Void> open(Listener listener) {
        return Mono.defer(() -> server ? listen(listener) : connect(listener));
    }

    private Mono<Void> listen(Listener listener) {
        var bootstrap = new ServerBootstrap()
                .group(loop.loop())
                .channelFactory(
                        () -> fd >= 0 ? new EpollServerDomainSocketChannel(fd) : new EpollServerDomainSocketChannel())
                .childHandler(initializer(listener));
        ChannelFuture bound;
        if (fd >= 0) {
            bound = bootstrap.register();
        } else {
            bound = bind(bootstrap);
        }
        listening = bound.channel();
        return ControlLoop.mono(bound)
                .onErrorMap(failure -> BlockException.of(
                        BlockErrorKind.INVALID, "Failed to bind socket to " + path + ": " + reason(failure), failure))
                .then(wait ? firstClient.asMono() : Mono.empty());
    }

    private ChannelFuture bind(ServerBootstrap bootstrap) {
        String name = String.valueOf(path);
        return OwnerOnlySocket.bind(
                Path.of(name),
                () -> bootstrap.bind(new DomainSocketAddress(name)).awaitUninterruptibly());
    }

    private Mono<Void> connect(Listener listener) {
        var bootstrap = new Bootstrap()
                .group(loop.loop())
                .channelFactory(() -> fd >= 0 ? new EpollDomainSocketChannel(fd) : new EpollDomainSocketChannel())
                .handler(initializer(listener));
        ChannelFuture connected =
                fd >= 0 ? bootstrap.register() : bootstrap.connect(new DomainSocketAddress(String.valueOf(path)));
        if (reconnectMillis > 0) {
            connected.channel().closeFuture().addListener(gone -> again(listener));
            return Mono.empty();
        }
        return ControlLoop.mono(connected)
                .onErrorMap(failure -> BlockException.of(
                        BlockErrorKind.INVALID, "Failed to connect to '" + path + "': " + reason(failure), failure));
    }

    private void again(Listener listener) {
        if (closed || fd >= 0) {
            return;
        }
        loop.loop()
                .schedule(
                        () -> connect(listener).subscribe(nothing -> {}, failure -> LOGGER.debug("{}", path, failure)),
                        reconnectMillis,
                        TimeUnit.MILLISECONDS)
                .addListener(scheduled -> {
                    if (!scheduled.isSuccess()) {
                        LOGGER.debug("no reconnect to {}", path, scheduled.cause());
                    }
                });
    }

    private ChannelInitializer<Channel> initializer(Listener listener) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                if (clients.size() >= MOST_CLIENTS) {
                    LOGGER.warn("{}: more than {} clients", path, MOST_CLIENTS);
                    channel.close().addListener(closed -> LOGGER.debug("{}: a client was refused", path));
                    return;
                }
                channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
                clients.add(channel);
                channel.pipeline().addLast(new MonitorHandler(listener));
                firstClient.tryEmitEmpty();
            }
        };
    }

    private static String reason(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        int errno = message.indexOf("failed with error(");
        int colon = message.lastIndexOf(": ");
        return errno >= 0 && colon >= 0 ? message.substring(colon + 2) : message;
    }

    @Override
    public Mono<Void> close() {
        return Mono.defer(() -> {
            closed = true;
            Channel channel = listening;
            // Before it is closed, which may take effect at once.
            boolean bound = channel != null && channel.isActive();
            Mono<Void> stopped = channel == null ? Mono.empty() : ControlLoop.mono(channel.close());
            if (bound && path != null) {
                try {
                    Files.deleteIfExists(Path.of(path));
                } catch (IOException e) {
                    LOGGER.warn("{} stays behind", path, e);
                }
            }
            return stopped.then(
                    Mono.defer(() -> ControlLoop.mono(clients.flush().close())));
        });
    }
}
