package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Tells where and with what is measured, without names of people, hosts and directories. */
final class Machine {
    private static final int TIMEOUT_SECONDS = 20;
    private static final int BUILD_SECONDS = 900;

    /** QEMU's first version whose export can be served by several threads. */
    private static final int FIRST_WITH_THREADS = 11;

    private static final String UNKNOWN = "unknown";
    private static final double KIB_PER_GIB = 1 << 20;

    private final Clients clients;
    private final Places places;

    Machine(Clients clients, Places places) {
        this.clients = clients;
        this.places = places;
    }

    /** @param options how the measurement was started, without paths */
    Environment describe(String options, WeirOptions weirOptions) throws IOException, InterruptedException {
        Map<String, String> machine = new LinkedHashMap<>();
        machine.put("CPU", first(Path.of("/proc/cpuinfo"), "model name\\s*:\\s*(.*)"));
        machine.put("CPUs", String.valueOf(Runtime.getRuntime().availableProcessors()));
        String memory = first(Path.of("/proc/meminfo"), "MemTotal:\\s*(\\d+) kB");
        machine.put(
                "memory",
                memory.equals(UNKNOWN)
                        ? memory
                        : String.format(Locale.ROOT, "%.0f GiB", Long.parseLong(memory) / KIB_PER_GIB));
        machine.put("kernel", "Linux " + System.getProperty("os.version") + " " + System.getProperty("os.arch"));
        machine.put("file system in memory", Files.getFileStore(places.memory()).type());
        machine.put("file system on disk", Files.getFileStore(places.disk()).type());
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("Weir", "commit " + commit() + weirOptions.describe());
        versions.put("JDK", System.getProperty("java.runtime.version") + ", " + System.getProperty("java.vm.name"));
        if (places.hasQemu()) {
            versions.put(
                    "QEMU",
                    line(places.command("qemu-storage-daemon", "--version"))
                            .replace("qemu-storage-daemon version ", ""));
        }
        versions.put("fio", line(places.command("fio", "--version")));
        return new Environment(LocalDate.now(ZoneOffset.UTC).toString(), machine, versions, options);
    }

    /**
     * Who can take part here, Weir first.
     *
     * @param notes takes why others cannot
     */
    List<Contender> contenders(List<String> notes) throws IOException, InterruptedException {
        List<Contender> contenders = new ArrayList<>(List.of(Contender.WEIR));
        if (!places.hasQemu()) {
            notes.add("qsd, qsd-mt: there is no qemu-storage-daemon here");
            if (hasLibfuse2()) {
                contenders.add(Contender.JNR_FUSE);
            }
            return contenders;
        }
        contenders.add(Contender.QSD);
        if (qemuMajor() >= FIRST_WITH_THREADS) {
            contenders.add(Contender.QSD_MT);
        } else {
            notes.add("qsd-mt: needs QEMU " + FIRST_WITH_THREADS);
        }
        String missing = MinimalServer.missing();
        if (missing.isEmpty()) {
            contenders.addAll(List.of(Contender.MINIMAL, Contender.MINIMAL_MT));
        } else {
            notes.add("minimal, minimal-mt: need " + missing);
        }
        return contenders;
    }

    /** What Weir says about {@code weir export}; builds Weir where it has to be. */
    String weirHelp() throws IOException, InterruptedException, ComparisonException {
        return clients.run(List.of(places.launcher().toString(), "export", "--help"), BUILD_SECONDS)
                .text();
    }

    private boolean hasLibfuse2() throws IOException, InterruptedException {
        try {
            var list = clients.run(List.of("/bin/sh", "-c", "PATH=$PATH:/sbin:/usr/sbin ldconfig -p"), TIMEOUT_SECONDS);
            return list.text().contains("libfuse.so.2");
        } catch (ComparisonException e) {
            return false;
        }
    }

    /** QEMU's major version; 0 where it does not tell. */
    private int qemuMajor() throws IOException, InterruptedException {
        var matcher =
                Pattern.compile("version (\\d+)\\.").matcher(line(places.command("qemu-storage-daemon", "--version")));
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    private String commit() throws IOException, InterruptedException {
        Path root = places.launcher().toRealPath().resolveSibling("..").normalize();
        String commit = line(List.of("git", "-C", root.toString(), "rev-parse", "--short=12", "HEAD"));
        if (!commit.matches("[0-9a-f]+")) {
            return UNKNOWN;
        }
        String changed = line(List.of(
                "git",
                "-C",
                root.toString(),
                "status",
                "--porcelain",
                "--untracked-files=no",
                "--",
                ".",
                ":!benchmarks"));
        return changed.isEmpty() ? commit : commit + " with changes";
    }

    /** The first line that a program prints; what it says of itself is never worth a failure. */
    private String line(List<String> command) throws IOException, InterruptedException {
        try {
            return clients.run(command, TIMEOUT_SECONDS)
                    .text()
                    .lines()
                    .findFirst()
                    .orElse("");
        } catch (ComparisonException | IOException e) {
            return UNKNOWN;
        }
    }

    private static String first(Path file, String pattern) throws IOException {
        var matcher = Pattern.compile(pattern).matcher(Files.readString(file));
        return matcher.find() ? matcher.group(1).strip() : UNKNOWN;
    }
}
