/**
 * JMH benchmarks of what a request passes through: codec, queue, block layer.
 *
 * <p>Threads: JMH calls a benchmark on one thread; completions come from the threads of what is measured.
 */
@NullMarked
package dev.weir.benchmarks;

import org.jspecify.annotations.NullMarked;
