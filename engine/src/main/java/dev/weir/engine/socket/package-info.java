/** Unix domain sockets, as the servers of an engine have them. Any thread; it blocks for no longer than a bind takes. */
@NullMarked
package dev.weir.engine.socket;

import org.jspecify.annotations.NullMarked;
