package dev.weir.engine.cli.top;

import java.io.PrintStream;
import java.util.List;

/** The alternate screen of a terminal, without a cursor, until it is closed. */
final class Screen implements AutoCloseable {
    private static final String ESCAPE = "\033[";
    private static final String ENTER = ESCAPE + "?1049h" + ESCAPE + "?25l" + ESCAPE + "?7l";
    private static final String LEAVE = ESCAPE + "?7h" + ESCAPE + "?25h" + ESCAPE + "?1049l";
    private static final String HOME = ESCAPE + "H";
    private static final String REST_OF_LINE = ESCAPE + "K";
    private static final String REST_OF_SCREEN = ESCAPE + "J";
    private static final String REVERSE = ESCAPE + "7m";
    private static final String PLAIN = ESCAPE + "0m";

    /** The line of heads. */
    private static final int REVERSED = 1;

    private final PrintStream out;

    Screen(PrintStream out) {
        this.out = out;
        out.print(ENTER);
        out.flush();
    }

    /** Over what was there before, in one piece, so that nothing flickers. */
    void draw(List<String> lines) {
        var text = new StringBuilder(HOME);
        for (int i = 0; i < lines.size(); i++) {
            // Erased before it is written: behind a line that is full, the cursor stands on its last character.
            text.append(i == 0 ? "" : "\r\n")
                    .append(i == lines.size() - 1 ? REST_OF_SCREEN : REST_OF_LINE)
                    .append(i == REVERSED ? REVERSE : "")
                    .append(lines.get(i))
                    .append(i == REVERSED ? PLAIN : "");
        }
        out.print(text);
        out.flush();
    }

    @Override
    public void close() {
        out.print(LEAVE);
        out.flush();
    }
}
