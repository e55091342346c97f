package dev.weir.engine.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.weir.engine.cli.client.QmpClient;
import dev.weir.engine.cli.client.QmpClientException;
import java.util.Set;

/** The nodes that {@code weir add} makes: their names tell {@code weir remove} that they go with their export. */
final class AddedNodes {
    private static final String PREFIX = "weir-add.";

    /** How long the name of a node may be. */
    private static final int NAME_MAX = 31;

    private AddedNodes() {}

    /** A name for the node of an export, other than those that are taken. */
    static String name(String exportId, Set<String> taken) {
        return unique(PREFIX + exportId, taken, NAME_MAX);
    }

    /** Whether it was made for its export alone. */
    static boolean includes(String nodeName) {
        return nodeName.startsWith(PREFIX);
    }

    static void remove(QmpClient daemon, String nodeName) throws QmpClientException {
        daemon.execute("blockdev-del", JsonNodeFactory.instance.objectNode().put("node-name", nodeName));
    }

    /** The name itself, or one with a number at its end; cut so that it is not too long. */
    static String unique(String name, Set<String> taken, int most) {
        String candidate = name.substring(0, Math.min(name.length(), most));
        for (int i = 2; taken.contains(candidate); i++) {
            String number = "-" + i;
            candidate = name.substring(0, Math.min(name.length(), most - number.length())) + number;
        }
        return candidate;
    }
}
