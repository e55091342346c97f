package dev.weir.engine.cli.syntax;

import java.util.ArrayList;
import java.util.List;

/** The text that {@code --help} shows, in lines of at most 80 columns. */
public final class Help {
    private static final int COLUMNS = 80;

    /** Where descriptions stand. */
    private static final int DESCRIPTION_AT = 28;

    private final StringBuilder text = new StringBuilder();

    private Help() {}

    public static String of(Syntax syntax) {
        var help = new Help();
        String operands = String.join(
                " ", syntax.operands().stream().map(Syntax.Operand::label).toList());
        help.line("Usage: " + syntax.command() + " [OPTION]..." + (operands.isEmpty() ? "" : " " + operands));
        help.line("");
        help.paragraph(syntax.summary());
        if (!syntax.operands().isEmpty()) {
            help.line("");
            syntax.operands().forEach(operand -> help.entry("  " + operand.label(), operand.description()));
        }
        for (Syntax.Section section : syntax.sections()) {
            help.line("");
            help.line(section.title() + ":");
            section.options().forEach(option -> help.entry(left(option), right(option)));
        }
        for (String paragraph : syntax.footer()) {
            help.line("");
            help.paragraph(paragraph);
        }
        return help.text.toString();
    }

    /** A table of names and descriptions under a title. */
    public static String table(String title, List<Syntax.Operand> entries) {
        var help = new Help();
        help.line(title);
        entries.forEach(entry -> help.entry("  " + entry.label(), entry.description()));
        return help.text.toString();
    }

    private static String left(Option option) {
        Value value = option.value();
        return (option.letter() == '\0' ? "      " : "  -" + option.letter() + ", ")
                + option.dashed()
                + (value == null ? "" : "=" + value.label());
    }

    private static String right(Option option) {
        return option.standard() == null ? option.description() : option.description() + " (" + option.standard() + ")";
    }

    private void entry(String left, String right) {
        List<String> lines = wrapped(right, COLUMNS - DESCRIPTION_AT);
        String first = left;
        if (left.length() > DESCRIPTION_AT - 2) {
            line(left);
            first = "";
        }
        for (String description : lines) {
            line(first + " ".repeat(DESCRIPTION_AT - first.length()) + description);
            first = "";
        }
    }

    /** Lines that are indented stay as they are. */
    private void paragraph(String paragraph) {
        for (String part : paragraph.split("\n", -1)) {
            if (part.startsWith(" ")) {
                line(part);
            } else {
                wrapped(part, COLUMNS).forEach(this::line);
            }
        }
    }

    private void line(String line) {
        text.append(line).append('\n');
    }

    private static List<String> wrapped(String paragraph, int columns) {
        var lines = new ArrayList<String>();
        var line = new StringBuilder();
        for (String word : paragraph.split(" ", -1)) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > columns) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
