package dev.weir.engine.qmp;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Mono;

/** The event loop of the control sockets, apart from those that serve exports. */
final class ControlLoop {
    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("weir-control", true), EpollIoHandler.newFactory());

    IoEventLoop loop() {
        return group.next();
    }

    /** Ends the loop after what it has to do. */
    Mono<Void> stop() {
        return mono(group.shutdownGracefully(0, 2, TimeUnit.SECONDS));
    }

    static Mono<Void> mono(Future<?> future) {
        return Mono.create(sink -> future.addListener(done -> {
            if (done.isSuccess()) {
                sink.success();
            } else {
                sink.error(done.cause());
            }
        }));
    }
}
