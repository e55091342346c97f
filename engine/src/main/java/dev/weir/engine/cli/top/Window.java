package dev.weir.engine.cli.top;

/** How large a terminal is, in characters. */
public record Window(int columns, int rows) {
    /** What is taken where nobody knows. */
    public static final Window STANDARD = new Window(80, 24);
}
