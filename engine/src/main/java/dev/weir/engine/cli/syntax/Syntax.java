package dev.weir.engine.cli.syntax;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a command takes.
 *
 * @param command all of its name, such as {@code weir export}
 * @param summary one sentence
 * @param operands what has to stand there besides options, in this order
 * @param sections its options as help groups them
 * @param footer paragraphs at the end of its help
 */
public record Syntax(
        String command, String summary, List<Operand> operands, List<Section> sections, List<String> footer) {
    public static final Option HELP = Option.flag("help", 'h', "Show this help, and do nothing.");

    /** A word that has to be given. */
    public record Operand(String label, String description) {}

    /** Options under a title. */
    public record Section(String title, List<Option> options) {
        public Section {
            options = List.copyOf(options);
        }
    }

    public Syntax {
        operands = List.copyOf(operands);
        sections = List.copyOf(sections);
        footer = List.copyOf(footer);
    }

    public List<Option> options() {
        return sections.stream().flatMap(section -> section.options().stream()).toList();
    }

    /**
     * Reads the words after the command's name. Options and operands may stand in any order; after {@code --} all are
     * operands. With {@link #HELP} nothing need be complete.
     *
     * @throws UsageException where they do not fit
     */
    public Arguments parse(List<String> words) {
        Map<String, String> values = new HashMap<>();
        List<String> given = new ArrayList<>();
        boolean onlyOperands = false;
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (onlyOperands || !word.startsWith("-") || word.equals("-")) {
                given.add(word);
            } else if (word.equals("--")) {
                onlyOperands = true;
            } else {
                int equals = word.startsWith("--") ? word.indexOf('=') : -1;
                Option option = find(equals < 0 ? word : word.substring(0, equals));
                String value = equals < 0 ? null : word.substring(equals + 1);
                if (option.value() != null && value == null) {
                    i++;
                    value = i < words.size() ? words.get(i) : null;
                }
                if (values.put(option.name(), checked(option, value)) != null && option.value() != null) {
                    throw new UsageException("option '" + option + "' is given twice");
                }
            }
        }
        if (!values.containsKey(HELP.name())) {
            check(given);
        }
        return new Arguments(values, given);
    }

    private Option find(String word) {
        for (Option option : options()) {
            if (word.equals(option.dashed()) || word.equals("-" + option.letter())) {
                return option;
            }
        }
        List<String> known = options().stream().map(Option::dashed).toList();
        throw new UsageException("unknown option '" + word + "'" + Suggestion.of(word, known, seeHelp()));
    }

    private static String checked(Option option, @Nullable String value) {
        Value type = option.value();
        if (type == null) {
            if (value != null) {
                throw new UsageException("option '" + option + "' takes no value");
            }
            return "";
        }
        if (value == null) {
            throw new UsageException("option '" + option + "' needs a value: " + type.expected());
        }
        if (!type.accepts(value)) {
            throw new UsageException("option '" + option + "' needs " + type.expected() + ", not '" + value + "'");
        }
        return value;
    }

    private void check(List<String> given) {
        for (int i = 0; i < operands.size(); i++) {
            String label = operands.get(i).label();
            if (i >= given.size()) {
                throw new UsageException(label + " is missing" + seeHelp());
            }
            if (given.get(i).isEmpty()) {
                throw new UsageException(label + " is empty");
            }
        }
        if (given.size() > operands.size()) {
            throw new UsageException("unexpected argument '" + given.get(operands.size()) + "'" + seeHelp());
        }
    }

    private String seeHelp() {
        return "; see '" + command + " --help'";
    }
}
