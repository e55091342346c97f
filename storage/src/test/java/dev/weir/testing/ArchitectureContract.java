package dev.weir.testing;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.originOwner;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static dev.weir.testing.ArchitectureRules.beImmutable;
import static dev.weir.testing.ArchitectureRules.bearANameThatARunnerPicksUp;
import static dev.weir.testing.ArchitectureRules.blockingCall;
import static dev.weir.testing.ArchitectureRules.consoleField;
import static dev.weir.testing.ArchitectureRules.containTests;
import static dev.weir.testing.ArchitectureRules.subscribeWithoutErrorHandler;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The rules that every module keeps; each module extends this by its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class ArchitectureContract {
    private static final String GENERATED = "/jmh_generated/";
    private static final ClassFileImporter IMPORTER =
            new ClassFileImporter().withImportOption(location -> !location.contains(GENERATED));

    private JavaClasses main = IMPORTER.importClasses();
    private JavaClasses tests = IMPORTER.importClasses();

    /** The code that talks to people: it may print, and wait for them. */
    protected DescribedPredicate<JavaClass> launcher() {
        return DescribedPredicate.alwaysFalse();
    }

    @BeforeAll
    void importModule() throws IOException, URISyntaxException {
        Path testOutput = Path.of(
                getClass().getProtectionDomain().getCodeSource().getLocation().toURI());
        // JMH generates the code around benchmarks.
        main = importAll(testOutput.resolveSibling("classes")).that(resideOutsideOfPackage("..jmh_generated.."));
        tests = importAll(testOutput);
    }

    private static JavaClasses importAll(Path output) throws IOException {
        JavaClasses imported = IMPORTER.importPath(output);
        try (var files = Files.walk(output)) {
            // What was not imported was not checked.
            assertThat((long) imported.size())
                    .isEqualTo(files.filter(file -> file.toString().endsWith(".class")
                                    && !file.toString().contains(GENERATED))
                            .count())
                    .isPositive();
        }
        return imported;
    }

    /** Checks a rule on the main code of the module. A rule that finds no class to check fails. */
    protected final void check(ArchRule rule) {
        rule.check(main);
    }

    @Test
    void packagesHaveNoCycles() {
        check(slices().matching("dev.weir.(**)").should().beFreeOfCycles());
    }

    @Test
    void everyPackageIsNullMarked() {
        Set<String> packages = new TreeSet<>();
        main.forEach(type -> packages.add(type.getPackageName()));
        assertThat(packages)
                .allSatisfy(name -> assertThat(main.contain(name + ".package-info")
                                && main.get(name + ".package-info").isAnnotatedWith(NullMarked.class))
                        .as(name)
                        .isTrue());
    }

    @Test
    void nothingBlocks() {
        check(noClasses().should().accessTargetWhere(blockingCall().and(not(originOwner(launcher())))));
    }

    @Test
    void everySubscriptionHandlesErrors() {
        check(noClasses().should().accessTargetWhere(subscribeWithoutErrorHandler()));
    }

    @Test
    void nothingPrints() {
        check(noClasses()
                .should()
                .accessFieldWhere(consoleField().and(not(originOwner(launcher()))))
                .orShould()
                .callMethod(Throwable.class, "printStackTrace"));
    }

    @Test
    void staticStateIsImmutable() {
        check(fields().that()
                .areStatic()
                .and()
                .doNotHaveModifier(JavaModifier.SYNTHETIC)
                .should()
                .beFinal()
                .andShould(beImmutable()));
    }

    @Test
    void everyTestIsPickedUp() {
        classes().that(containTests()).should(bearANameThatARunnerPicksUp()).check(tests);
    }
}
