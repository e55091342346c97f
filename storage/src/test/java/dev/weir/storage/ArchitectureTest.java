package dev.weir.storage;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.weir.storage.spi.BlockDriver;
import dev.weir.storage.throttle.ThrottleDriver;
import dev.weir.testing.ArchitectureContract;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArchitectureTest extends ArchitectureContract {
    @Test
    void storageKnowsNothingAboveIt() {
        check(noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..", "ru.serce..", "dev.weir.fuse..", "dev.weir.engine.."));
    }

    @Test
    void nativeTypesStayInPosix() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("dev.weir.posix..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("jnr..", "com.kenai.."));
    }

    /** The throttle driver apart: its nodes share groups, which the user of a graph makes and changes. */
    @Test
    void aDriverPackageShowsItsDriverOnly() {
        check(classes()
                .that()
                .areAssignableTo(BlockDriver.class)
                .and()
                .areNotInterfaces()
                .and()
                .doNotBelongToAnyOf(ThrottleDriver.class)
                .should(bePublicAlone())
                .allowEmptyShould(true));
    }

    private static ArchCondition<JavaClass> bePublicAlone() {
        return new ArchCondition<>("be the one public type of its package") {
            @Override
            public void check(JavaClass driver, ConditionEvents events) {
                List<String> shown = driver.getPackage().getClasses().stream()
                        .filter(type ->
                                type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(JavaClass::getFullName)
                        .toList();
                if (!shown.equals(List.of(driver.getFullName()))) {
                    events.add(SimpleConditionEvent.violated(
                            driver, driver.getPackageName() + " shows " + shown + " instead of its driver only"));
                }
            }
        };
    }
}
