/**
 * What the tests of all modules share: it travels as the test jar of this module and installs itself.
 *
 * <p>Threads: everything here may be called from any thread.
 */
@NullMarked
package dev.weir.testing;

import org.jspecify.annotations.NullMarked;
