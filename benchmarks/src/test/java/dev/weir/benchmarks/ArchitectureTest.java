package dev.weir.benchmarks;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import dev.weir.testing.ArchitectureContract;

class ArchitectureTest extends ArchitectureContract {
    @Override
    protected DescribedPredicate<JavaClass> launcher() {
        return resideInAnyPackage("dev.weir.benchmarks.endtoend", "dev.weir.benchmarks.peer");
    }
}
