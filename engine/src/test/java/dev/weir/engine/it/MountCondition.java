package dev.weir.engine.it;

import static org.junit.platform.commons.support.AnnotationSupport.findAnnotation;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips what cannot run here, or fails it. */
final class MountCondition implements ExecutionCondition {
    private static final Path DEVICE = Path.of("/dev/fuse");
    private static final Map<String, Boolean> PROGRAMS = new ConcurrentHashMap<>();

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        List<String> missing = context.getElement()
                .flatMap(element -> findAnnotation(element, MountRequired.class))
                .map(MountCondition::missing)
                .orElse(List.of());
        if (missing.isEmpty()) {
            return ConditionEvaluationResult.enabled("all that it needs is here");
        }
        String reason = "this test needs " + String.join(", ", missing);
        if (Boolean.getBoolean("weir.it.required")) {
            throw new IllegalStateException(reason);
        }
        return ConditionEvaluationResult.disabled(reason);
    }

    private static List<String> missing(MountRequired required) {
        List<String> missing = new ArrayList<>();
        if (!Files.isReadable(DEVICE) || !Files.isWritable(DEVICE)) {
            missing.add("/dev/fuse");
        }
        if (required.root() && !System.getProperty("user.name").equals("root")) {
            missing.add("root");
        }
        for (String program : required.programs()) {
            if (!PROGRAMS.computeIfAbsent(program, Client::exists)) {
                missing.add(program);
            }
        }
        return missing;
    }
}
