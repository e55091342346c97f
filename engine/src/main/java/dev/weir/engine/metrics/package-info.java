/**
 * Meters for a monitoring system to fetch: the Prometheus text format over HTTP, on a socket of this host. A connection is
 * confined to the one event loop of its server.
 */
@NullMarked
package dev.weir.engine.metrics;

import org.jspecify.annotations.NullMarked;
