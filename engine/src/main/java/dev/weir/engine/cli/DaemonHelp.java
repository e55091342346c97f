package dev.weir.engine.cli;

import dev.weir.engine.control.Control;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code --object help} and the like print. */
final class DaemonHelp {
    private static final Map<String, List<String>> PROPERTIES = Map.of(
            "iothread",
            List.of("poll-max-ns=<int>"),
            "secret",
            List.of("data=<string>", "file=<string>", "format=<raw|base64>"),
            "throttle-group",
            List.of("limits.<bps|iops>-<total|read|write>[-max|-max-length]=<int>", "limits.iops-size=<int>"));

    private DaemonHelp() {}

    /** The text that the first option that asks for help asks for; null where none does. */
    static @Nullable String of(List<DaemonStep> steps) {
        for (DaemonStep step : steps) {
            if (step.option().equals("--object")) {
                String help = object(step.text());
                if (help != null) {
                    return help;
                }
            } else if (step.option().equals("--chardev") && isHelp(step.text())) {
                return "Available chardev backend types: \n  null\n  socket\n  stdio\n";
            }
        }
        return null;
    }

    private static @Nullable String object(String text) {
        if (isHelp(text)) {
            return "List of user creatable objects:\n  " + String.join("\n  ", Control.objectTypes()) + "\n";
        }
        String[] words = text.split(",", 2);
        List<String> properties = PROPERTIES.get(words[0].replaceFirst("^qom-type=", ""));
        if (words.length < 2 || properties == null || !isHelp(words[1])) {
            return null;
        }
        return words[0] + " options:\n  " + String.join("\n  ", properties) + "\n";
    }

    private static boolean isHelp(String text) {
        return text.equals("help") || text.equals("?");
    }
}
