/**
 * What managers ask of an engine, by name and options: nodes, exports and objects, whatever the way they are asked by, a
 * command line or a control protocol. Errors have QEMU's texts. Any thread; nothing here blocks.
 */
@NullMarked
package dev.weir.engine.control;

import org.jspecify.annotations.NullMarked;
