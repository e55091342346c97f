/**
 * What was measured, what follows from it, and how it is shown: raw figures, ratios, targets, Markdown and charts.
 *
 * <p>Threads: one; nothing here measures anything.
 */
@NullMarked
package dev.weir.benchmarks.report;

import org.jspecify.annotations.NullMarked;
