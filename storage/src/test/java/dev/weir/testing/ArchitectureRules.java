package dev.weir.testing;

import static com.tngtech.archunit.base.DescribedPredicate.describe;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.AbstractCollection;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.platform.commons.annotation.Testable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The words that the architecture rules are made of. */
public final class ArchitectureRules {
    private static final Set<String> BLOCKING =
            Set.of("block", "blockOptional", "blockFirst", "blockLast", "toIterable", "toStream");

    private ArchitectureRules() {}

    static DescribedPredicate<JavaAccess<?>> blockingCall() {
        return describe("block the thread", access -> {
            JavaClass owner = access.getTargetOwner();
            return owner.isEquivalentTo(Thread.class)
                            && access.getTarget().getName().equals("sleep")
                    || isReactive(owner) && BLOCKING.contains(access.getTarget().getName());
        });
    }

    static DescribedPredicate<JavaAccess<?>> subscribeWithoutErrorHandler() {
        return describe("subscribe without an error handler", access -> {
            // subscribe() and subscribe(Consumer); the others take a Subscriber or an error consumer.
            return isReactive(access.getTargetOwner())
                    && access.getTarget() instanceof CodeUnitAccessTarget target
                    && target.getName().equals("subscribe")
                    && (target.getRawParameterTypes().isEmpty()
                            || target.getRawParameterTypes().size() == 1
                                    && target.getRawParameterTypes().get(0).isEquivalentTo(Consumer.class));
        });
    }

    private static boolean isReactive(JavaClass type) {
        return type.isAssignableTo(Mono.class) || type.isAssignableTo(Flux.class);
    }

    static DescribedPredicate<JavaFieldAccess> consoleField() {
        return describe(
                "use System.out or System.err",
                access -> access.getTargetOwner().isEquivalentTo(System.class));
    }

    /** Atomics and collections whose declared type can be changed. Arrays that are filled once and not handed out pass. */
    static ArchCondition<JavaField> beImmutable() {
        return condition("be of an immutable type", field -> {
            JavaClass type = field.getRawType();
            return type.getPackageName().equals("java.util.concurrent.atomic")
                            && !type.getSimpleName().endsWith("FieldUpdater")
                    || type.isAssignableTo(AbstractCollection.class)
                    || type.isAssignableTo(AbstractMap.class);
        });
    }

    static DescribedPredicate<JavaClass> containTests() {
        return describe(
                "contain tests",
                type -> type.getMethods().stream().anyMatch(method -> method.isMetaAnnotatedWith(Testable.class)));
    }

    static ArchCondition<JavaClass> bearANameThatARunnerPicksUp() {
        return condition("be named *Test or *IT, or *Contract where they are abstract", type -> {
            JavaClass outer = type;
            while (outer.getEnclosingClass().isPresent()) {
                outer = outer.getEnclosingClass().orElseThrow();
            }
            String name = outer.getSimpleName();
            return outer.getModifiers().contains(JavaModifier.ABSTRACT)
                    ? !name.endsWith("Contract")
                    : !name.endsWith("Test") && !name.endsWith("IT");
        });
    }

    /** No public or protected member of a public class has a type of these packages in its signature. */
    public static ArchCondition<JavaClass> keepOutOfPublicSignatures(String packagePrefix) {
        return new ArchCondition<>("keep " + packagePrefix + " out of their public signatures") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                Stream<JavaType> ofClass = Stream.concat(type.getSuperclass().stream(), type.getInterfaces().stream());
                report(type, type.getFullName(), ofClass, events);
                for (JavaMember member : type.getMembers()) {
                    if (isVisible(member)) {
                        report(member, member.getFullName(), signature(member), events);
                    }
                }
            }

            private void report(Object item, String name, Stream<JavaType> types, ConditionEvents events) {
                types.flatMap(used -> used.getAllInvolvedRawTypes().stream())
                        .filter(used -> used.getPackageName().startsWith(packagePrefix))
                        .forEach(used ->
                                events.add(SimpleConditionEvent.violated(item, name + " shows " + used.getFullName())));
            }
        };
    }

    private static boolean isVisible(JavaMember member) {
        Set<JavaModifier> modifiers = member.getModifiers();
        return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    private static Stream<JavaType> signature(JavaMember member) {
        if (member instanceof JavaField field) {
            return Stream.of(field.getType());
        }
        List<JavaType> types = new ArrayList<>();
        if (member instanceof JavaCodeUnit code) {
            types.add(code.getReturnType());
            types.addAll(code.getParameterTypes());
            types.addAll(code.getExceptionTypes());
        }
        return types.stream();
    }

    private static <T extends HasName.AndFullName> ArchCondition<T> condition(
            String description, Predicate<T> violated) {
        return new ArchCondition<>(description) {
            @Override
            public void check(T item, ConditionEvents events) {
                if (violated.test(item)) {
                    events.add(SimpleConditionEvent.violated(item, item.getFullName() + " does not: " + description));
                }
            }
        };
    }
}
