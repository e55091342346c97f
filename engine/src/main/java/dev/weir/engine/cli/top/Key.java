package dev.weir.engine.cli.top;

/** What a person asks for. */
enum Key {
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    HOME,
    END,
    SORT,
    QUIT
}
