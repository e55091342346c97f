package dev.weir.engine;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static dev.weir.testing.ArchitectureRules.keepOutOfPublicSignatures;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import dev.weir.testing.ArchitectureContract;
import org.junit.jupiter.api.Test;

class ArchitectureTest extends ArchitectureContract {
    @Override
    protected DescribedPredicate<JavaClass> launcher() {
        return resideInAPackage("dev.weir.engine.cli..");
    }

    @Test
    void noPublicSignatureShowsNetty() {
        check(classes().that().arePublic().should(keepOutOfPublicSignatures("io.netty")));
    }

    @Test
    void nothingDependsOnTheCommandLine() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("dev.weir.engine.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.weir.engine.cli..")
                .allowEmptyShould(true));
    }
}
