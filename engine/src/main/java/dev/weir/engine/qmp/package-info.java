/**
 * QMP, QEMU's control protocol (docs/interop/qmp-spec in QEMU's sources): JSON commands, answers and events over sockets
 * or standard input and output. A monitor and its connection are confined to the one event loop of their server.
 */
@NullMarked
package dev.weir.engine.qmp;

import org.jspecify.annotations.NullMarked;
