package dev.weir.fuse;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import dev.weir.testing.ArchitectureContract;
import org.junit.jupiter.api.Test;

class ArchitectureTest extends ArchitectureContract {
    @Test
    void theAdapterKnowsNothingAboveIt() {
        check(noClasses().should().dependOnClassesThat().resideInAPackage("dev.weir.engine.."));
    }

    @Test
    void theProtocolIsBytesAndNothingElse() {
        check(classes()
                .that()
                .resideInAPackage("dev.weir.fuse.protocol..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.weir.fuse.protocol..",
                        "java.lang..",
                        "java.nio..",
                        "java.util..",
                        "org.jspecify.annotations.."));
    }
}
