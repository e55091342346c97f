package dev.weir.engine.qmp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client of a socket. */
final class MonitorHandler extends SimpleChannelInboundHandler<ByteBuf> implements QmpMonitor.Link {
    private static final Logger LOGGER = LoggerFactory.getLogger(MonitorHandler.class);

    /** Bytes that may wait, besides the last message, for a client that does not read. */
    private static final long MOST_UNREAD = 256 << 10;

    private final Chardev.Listener listener;
    private @Nullable ChannelHandlerContext context;
    private Chardev.@Nullable Conversation conversation;

    MonitorHandler(Chardev.Listener listener) {
        this.listener = listener;
    }

    @Override
    public void channelActive(ChannelHandlerContext current) {
        context = current;
        conversation = listener.connected(this);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext current, ByteBuf message) {
        Chardev.Conversation with = conversation;
        if (with != null) {
            byte[] bytes = ByteBufUtil.getBytes(message);
            with.received(bytes, 0, bytes.length);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext current) {
        Chardev.Conversation with = conversation;
        if (with != null) {
            with.closed();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext current, Throwable cause) {
        LOGGER.debug("a control client is dropped", cause);
        drop(current);
    }

    @Override
    public void send(String text) {
        ChannelHandlerContext to = context;
        if (to == null || !to.channel().isActive()) {
            return;
        }
        if (to.channel().bytesBeforeWritable() > MOST_UNREAD) {
            LOGGER.warn("a control client that does not read its answers is dropped");
            drop(to);
            return;
        }
        to.writeAndFlush(Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8)))
                .addListener(sent -> {
                    if (!sent.isSuccess()) {
                        LOGGER.debug("an answer was not sent", sent.cause());
                    }
                });
    }

    private static void drop(ChannelHandlerContext client) {
        client.close().addListener(closed -> LOGGER.debug("a control client is gone"));
    }

    @Override
    public void read(boolean wanted) {
        ChannelHandlerContext from = context;
        if (from != null) {
            from.channel().config().setAutoRead(wanted);
        }
    }
}
