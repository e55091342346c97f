package dev.weir.benchmarks.report;

import java.util.List;
import java.util.stream.Collectors;

/** A table in Markdown. */
final class Table {
    private final StringBuilder text = new StringBuilder();

    /** @param columns the first one is to the left, the others are to the right */
    Table(List<String> columns) {
        row(columns);
        text.append("|---|").append("---:|".repeat(columns.size() - 1)).append('\n');
    }

    void row(List<String> values) {
        text.append(values.stream()
                .map(value -> value.replace("|", "\\|"))
                .collect(Collectors.joining(" | ", "| ", " |\n")));
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
