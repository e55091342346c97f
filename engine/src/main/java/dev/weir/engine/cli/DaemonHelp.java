package dev.weir.engine.cli;

import dev.weir.engine.control.Control;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionSchema;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What {@code --object help} and the like print. */
final class DaemonHelp {
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
            return "List of user creatable objects:\n  "
                    + String.join("\n  ", Control.objectTypes().keySet()) + "\n";
        }
        String[] words = text.split(",", 2);
        OptionSchema options = Control.objectTypes().get(words[0].replaceFirst("^qom-type=", ""));
        if (words.length < 2 || options == null || !isHelp(words[1])) {
            return null;
        }
        return words[0] + " options:\n  " + properties(options, "").sorted().collect(Collectors.joining("\n  ")) + "\n";
    }

    private static Stream<String> properties(OptionSchema schema, String path) {
        return schema.options().stream()
                .flatMap(option -> option.type() == Option.Type.GROUP
                        ? properties(option.members(), path + option.name() + ".")
                        : Stream.of(path + option.name() + "=<" + type(option) + ">"));
    }

    private static String type(Option<?> option) {
        return switch (option.type()) {
            case BOOLEAN -> "bool";
            case INTEGER, SIZE -> "int";
            case ENUM -> String.join("|", option.values());
            default -> "string";
        };
    }

    private static boolean isHelp(String text) {
        return text.equals("help") || text.equals("?");
    }
}
