package dev.weir.engine.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows of words in columns as wide as they need to be. */
final class TextTable {
    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();
    private final String alignment;

    /** @param alignment for each column {@code l} or {@code r} */
    TextTable(String alignment, String... heads) {
        this.alignment = alignment;
        row((Object[]) heads);
    }

    /** Control characters, of file names for instance, are shown as question marks. */
    void row(Object... cells) {
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(printable(cell.toString()));
        }
        rows.add(row);
    }

    static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }

    /** All lines, without blanks at their ends. */
    @Override
    public String toString() {
        var text = new StringBuilder();
        for (List<String> row : rows) {
            var line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                line.append(i == 0 ? "" : GAP);
                String blanks = " ".repeat(width(i) - row.get(i).length());
                boolean right = alignment.charAt(i) == 'r';
                line.append(right ? blanks : "").append(row.get(i)).append(right ? "" : blanks);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    private int width(int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
    }
}
