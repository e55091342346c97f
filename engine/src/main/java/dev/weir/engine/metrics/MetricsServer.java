package dev.weir.engine.metrics;

import dev.weir.engine.socket.OwnerOnlySocket;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Answers {@code GET /metrics}, on a Unix domain socket that only its owner may use, or a port of the loopback interface:
 * nothing else may ask, because nothing is asked for a password.
 */
public final class MetricsServer {
    private static final String UNIX = "unix:";
    private static final int LARGEST_REQUEST = 16 << 10;
    private static final int IDLE_SECONDS = 60;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final SocketAddress address;
    private @Nullable MultiThreadIoEventLoopGroup group;
    private boolean listening;

    /**
     * @param address {@code unix:PATH}, or {@code HOST:PORT} of the loopback interface
     * @throws BlockException of kind {@link BlockErrorKind#INVALID} for anything else
     */
    public MetricsServer(String address) {
        this.address = parse(address);
    }

    private static SocketAddress parse(String text) {
        if (text.startsWith(UNIX) && text.length() > UNIX.length()) {
            return new DomainSocketAddress(text.substring(UNIX.length()));
        }
        int colon = text.lastIndexOf(':');
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            InetAddress host = InetAddress.getByName(colon > 0 ? text.substring(0, colon) : "localhost");
            if (host.isLoopbackAddress() && port > 0 && port <= 65535) {
                return new InetSocketAddress(host, port);
            }
        } catch (NumberFormatException | UnknownHostException e) {
            // Told below.
        }
        throw BlockException.of(
                BlockErrorKind.INVALID,
                "'" + text + "' is neither unix:PATH nor HOST:PORT of the loopback interface, such as 127.0.0.1:9100");
    }

    /** Where meters are to be registered. */
    public MeterRegistry registry() {
        return registry;
    }

    /** Begins to answer; blocks for the moment that a bind takes. */
    public void start() {
        var loops = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("weir-metrics", true), EpollIoHandler.newFactory());
        group = loops;
        var bootstrap = new ServerBootstrap().group(loops).childHandler(new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline()
                        .addLast(new ReadTimeoutHandler(IDLE_SECONDS))
                        .addLast(new HttpServerCodec())
                        .addLast(new HttpObjectAggregator(LARGEST_REQUEST))
                        .addLast(new MetricsHandler(registry));
            }
        });
        ChannelFuture bound = address instanceof DomainSocketAddress unix
                ? bind(bootstrap, unix)
                : bootstrap
                        .channel(EpollServerSocketChannel.class)
                        .bind(address)
                        .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw BlockException.of(
                    BlockErrorKind.INVALID,
                    "Failed to bind " + address + ": " + bound.cause().getMessage(),
                    bound.cause());
        }
        listening = true;
    }

    private static ChannelFuture bind(ServerBootstrap bootstrap, DomainSocketAddress unix) {
        return OwnerOnlySocket.bind(
                Path.of(unix.path()),
                () -> bootstrap
                        .channel(EpollServerDomainSocketChannel.class)
                        .bind(unix)
                        .awaitUninterruptibly());
    }

    /** Answers no more. */
    public Mono<Void> close() {
        return Mono.defer(() -> {
            MultiThreadIoEventLoopGroup started = group;
            if (started == null) {
                return Mono.empty();
            }
            if (listening && address instanceof DomainSocketAddress unix) {
                try {
                    Files.deleteIfExists(Path.of(unix.path()));
                } catch (IOException e) {
                    return Mono.error(e);
                }
            }
            return mono(started.shutdownGracefully(0, 2, TimeUnit.SECONDS));
        });
    }

    private static Mono<Void> mono(Future<?> future) {
        return Mono.create(sink -> future.addListener(done -> {
            if (done.isSuccess()) {
                sink.success();
            } else {
                sink.error(done.cause());
            }
        }));
    }
}
