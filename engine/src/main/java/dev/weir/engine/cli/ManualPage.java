package dev.weir.engine.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** A command as a page for man(1), in the macros of man(7). */
final class ManualPage {
    private final CommandSpec spec;
    private final StringBuilder page = new StringBuilder();

    private ManualPage(CommandSpec spec) {
        this.spec = spec;
    }

    /** @param release the program's version */
    static String of(CommandSpec spec, String release) {
        return new ManualPage(spec).write(release);
    }

    private String write(String release) {
        String name = spec.qualifiedName("-");
        line(".TH \"" + name.toUpperCase(Locale.ROOT) + "\" 1 \"\" \"weir " + escape(release) + "\" \"Weir\"");
        line(".SH NAME");
        line(escape(name) + " \\- " + escape(summary()));
        line(".SH SYNOPSIS");
        line(".nf");
        line(escape(synopsis()));
        line(".fi");
        line(".SH DESCRIPTION");
        text(spec.usageMessage().description());
        options();
        commands();
        footer();
        line(".SH SEE ALSO");
        line(seeAlso());
        return page.toString();
    }

    private String summary() {
        String[] description = spec.usageMessage().description();
        String text = description.length == 0 ? "" : description[0].strip();
        int end = text.indexOf(". ");
        String first = end < 0 ? text : text.substring(0, end);
        return first.endsWith(".") ? first.substring(0, first.length() - 1) : first;
    }

    private String synopsis() {
        String[] custom = spec.usageMessage().customSynopsis();
        return custom.length == 0 ? spec.qualifiedName() + " [OPTION]..." : String.join("\n", custom);
    }

    private void options() {
        line(".SH OPTIONS");
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            entry(parameter.paramLabel(), parameter.description(), parameter.defaultValue());
        }
        for (OptionSpec option : spec.options()) {
            if (!option.hidden()) {
                String separator = option.longestName().startsWith("--") ? "=" : " ";
                String names = String.join(", ", option.names());
                boolean flag = option.arity().max() == 0;
                entry(
                        names + (flag ? "" : separator + option.paramLabel()),
                        option.description(),
                        option.defaultValue());
            }
        }
    }

    private void entry(String term, String[] description, String standard) {
        line(".TP");
        line(".B " + escape(term));
        List<String> lines = new ArrayList<>();
        for (String part : description) {
            lines.add(part.replace("${DEFAULT-VALUE}", String.valueOf(standard)));
        }
        text(lines.toArray(String[]::new));
    }

    private void commands() {
        if (spec.subcommands().isEmpty()) {
            return;
        }
        line(".SH COMMANDS");
        for (CommandLine command : spec.subcommands().values()) {
            CommandSpec sub = command.getCommandSpec();
            if (!sub.usageMessage().hidden()) {
                entry(sub.name(), sub.usageMessage().description(), "");
            }
        }
    }

    /** Lines that are indented are examples; those after an empty line begin a paragraph. */
    private void footer() {
        String[] lines = spec.usageMessage().footer();
        if (lines.length == 0) {
            return;
        }
        line(".SH NOTES");
        boolean example = false;
        for (String each : lines) {
            String text = plain(each);
            boolean indented = text.startsWith("  ");
            if (indented != example) {
                line(indented ? ".nf" : ".fi");
                example = indented;
            }
            line(text.isBlank() ? ".PP" : escape(text));
        }
        if (example) {
            line(".fi");
        }
    }

    private String seeAlso() {
        List<String> pages = new ArrayList<>();
        for (CommandSpec above = spec.parent(); above != null; above = above.parent()) {
            pages.add(0, page(above));
        }
        addPages(spec.parent() == null ? spec : spec.parent(), pages);
        if (spec.parent() != null) {
            addPages(spec, pages);
        }
        return String.join(",\n", pages);
    }

    private void addPages(CommandSpec of, List<String> pages) {
        for (CommandLine command : of.subcommands().values()) {
            CommandSpec sub = command.getCommandSpec();
            if (sub != spec && !sub.usageMessage().hidden()) {
                pages.add(page(sub));
            }
        }
    }

    private static String page(CommandSpec command) {
        return ".BR " + escape(command.qualifiedName("-")) + " (1)";
    }

    private void text(String[] lines) {
        for (String each : lines) {
            line(escape(plain(each)));
        }
    }

    private static String plain(String text) {
        return Ansi.OFF.string(text).replace("%n", "\n").replace("%%", "%");
    }

    /** Nothing that roff would take for a request or an escape. */
    private static String escape(String text) {
        String escaped = text.replace("\\", "\\e").replace("-", "\\-");
        return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
    }

    private void line(String text) {
        page.append(text).append('\n');
    }
}
