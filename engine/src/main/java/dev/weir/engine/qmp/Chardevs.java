package dev.weir.engine.qmp;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.OptionReader;

/** The options of {@code --chardev}. */
final class Chardevs {
    private Chardevs() {}

    /** Reads the options, of which the id was taken; opens nothing. */
    static Chardev of(String backend, OptionReader options, ControlLoop loop) {
        Chardev chardev = switch (backend) {
            case "socket" -> socket(options, loop);
            case "stdio" -> {
                options.flag("signal", true);
                yield new StdioChardev(loop);
            }
            case "null" -> new NullChardev();
            default -> throw invalid("'" + backend + "' is not a valid char driver name");
        };
        try {
            options.end();
        } catch (BlockException e) {
            throw invalid(String.valueOf(e.getMessage())
                    .replaceFirst("Parameter ('.*') is unexpected", "Invalid parameter $1"));
        }
        return chardev;
    }

    private static Chardev socket(OptionReader options, ControlLoop loop) {
        String path = options.string("path", null);
        String fd = options.string("fd", null);
        boolean server = options.flag("server", false);
        boolean wait = options.flag("wait", true);
        long reconnect = options.integer("reconnect-ms")
                .orElse(1000 * options.integer("reconnect").orElse(0));
        if (options.has("host") || options.has("port")) {
            throw invalid("sockets are Unix domain sockets here: 'path' or 'fd', not 'host' and 'port'");
        }
        if (path == null && fd == null) {
            throw invalid("chardev: socket: no path given");
        }
        int number = fd == null ? -1 : number(fd);
        return new SocketChardev(loop, path, number, server, server && wait, server ? 0 : reconnect);
    }

    private static int number(String fd) {
        try {
            return Integer.parseUnsignedInt(fd);
        } catch (NumberFormatException e) {
            throw BlockException.of(BlockErrorKind.INVALID, "Unable to parse FD number " + fd, e);
        }
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }

    /** Reads what {@code --chardev} is given. */
    static OptionReader reader(String text) {
        return new OptionReader(NodeOptions.parse(text, "backend"));
    }
}
