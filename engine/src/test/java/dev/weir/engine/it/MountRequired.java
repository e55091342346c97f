package dev.weir.engine.it;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * For tests that mount exports. They skip with a reason where they cannot run, or fail there if the system property
 * {@code weir.it.required} is true; each has a watchdog and must leave no mount and no process behind.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith({MountCondition.class, FuseWatchdog.class})
@interface MountRequired {
    /** Programs that must be there. */
    String[] programs() default {};

    /** Whether only root can do it. */
    boolean root() default true;

    /**
     * After how many seconds the connections of a test are aborted; ten times that with the system property
     * {@code weir.it.long}. The time limit of JUnit must be above.
     */
    int seconds() default 90;
}
