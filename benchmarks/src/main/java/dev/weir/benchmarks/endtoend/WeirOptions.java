package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.Suite;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The options that suit Weir best, as QEMU gets its own: what is not its default, suite by suite.
 *
 * @param best by suite
 * @param added for all suites, asked for by the user
 */
record WeirOptions(Map<Suite, List<String>> best, List<String> added) {
    /** @param help of {@code weir export}, which tells what there is */
    static WeirOptions of(String help, List<String> added) {
        Map<Suite, List<String>> best = new EnumMap<>(Suite.class);
        if (help.contains("io_uring")) {
            List<String> direct = new ArrayList<>(List.of("--aio=io_uring"));
            if (help.contains("--passthrough")) {
                direct.add("--passthrough=on");
            }
            best.put(Suite.RAW_DIRECT, List.copyOf(direct));
        }
        if (help.contains("--kernel-cache")) {
            best.put(Suite.SEQUENTIAL, List.of("--kernel-cache=auto"));
        }
        return new WeirOptions(best, List.copyOf(added));
    }

    List<String> of(Suite suite) {
        List<String> options = new ArrayList<>(best.getOrDefault(suite, List.of()));
        options.addAll(added);
        return options;
    }

    /** For people: those that a user would have to name; empty where there are none. */
    String describe() {
        return best.entrySet().stream()
                .map(entry -> ", " + entry.getKey() + " with " + String.join(" ", entry.getValue()))
                .collect(Collectors.joining());
    }
}
