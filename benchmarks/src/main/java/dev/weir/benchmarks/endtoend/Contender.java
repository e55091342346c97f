package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.peer.JnrFusePeer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Who can be compared, each in the configuration that suits it best. */
enum Contender {
    /** {@code weir export}. */
    WEIR("weir") {
        @Override
        Server start(Stage stage, Export export, Places places, List<String> weirOptions)
                throws IOException, InterruptedException, ComparisonException {
            Path mount = stage.mountFile(text());
            List<String> command = new ArrayList<>(List.of(places.launcher().toString(), "export"));
            if (export.format() == Export.Format.NULL) {
                command.add("null-co:" + export.megabytes() + "M");
            } else {
                command.add(export.image().toString());
                command.add("--format=" + export.format().driver());
            }
            command.addAll(List.of(mount.toString(), "--writable", "--growable"));
            if (export.direct()) {
                command.add("--cache-direct");
            }
            command.addAll(weirOptions);
            return stage.start(text(), List.of(mount), mount, command, Map.of());
        }
    },

    /** qemu-storage-daemon with one event loop. */
    QSD("qsd") {
        @Override
        Server start(Stage stage, Export export, Places places, List<String> weirOptions)
                throws IOException, InterruptedException, ComparisonException {
            return qemu(stage, export, places, List.of());
        }
    },

    /** qemu-storage-daemon with two I/O threads for the export. */
    QSD_MT("qsd-mt") {
        @Override
        Server start(Stage stage, Export export, Places places, List<String> weirOptions)
                throws IOException, InterruptedException, ComparisonException {
            return qemu(stage, export, places, List.of("t0", "t1"));
        }
    },

    /** The yardstick with one thread. */
    MINIMAL("minimal") {
        @Override
        boolean serves(Export.Format format, boolean direct) {
            return MINIMAL_MT.serves(format, direct);
        }

        @Override
        Server start(Stage stage, Export export, Places places, List<String> weirOptions)
                throws IOException, InterruptedException, ComparisonException {
            return MinimalServer.start(stage, text(), export, places.minimal(), 1);
        }
    },

    /** The yardstick with two threads. */
    MINIMAL_MT("minimal-mt") {
        @Override
        boolean serves(Export.Format format, boolean direct) {
            return format != Export.Format.QCOW2 && !direct;
        }

        @Override
        Server start(Stage stage, Export export, Places places, List<String> weirOptions)
                throws IOException, InterruptedException, ComparisonException {
            return MinimalServer.start(stage, text(), export, places.minimal(), 2);
        }
    },

    /** The synchronous file system on jnr-fuse. */
    JNR_FUSE("jnr-fuse") {
        @Override
        boolean serves(Export.Format format, boolean direct) {
            return format == Export.Format.RAW && !direct;
        }

        @Override
        Server start(Stage stage, Export export, Places places, List<String> weirOptions)
                throws IOException, InterruptedException, ComparisonException {
            Path mount = stage.mountDirectory(text());
            return stage.start(
                    text(),
                    List.of(mount),
                    mount.resolve(JnrFusePeer.FILE),
                    List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx256m",
                            "-cp",
                            System.getProperty("java.class.path"),
                            JnrFusePeer.class.getName(),
                            export.image().toString(),
                            mount.toString()),
                    Map.of());
        }
    };

    private final String text;

    Contender(String text) {
        this.text = text;
    }

    /** @throws IllegalArgumentException where there is none of that name */
    static Contender of(String text) {
        return Stream.of(values())
                .filter(contender -> contender.text.equals(text))
                .findAny()
                .orElseThrow(() -> new IllegalArgumentException("no such server: '" + text + "'"));
    }

    /** The name on the command line and in tables. */
    String text() {
        return text;
    }

    boolean isQemu() {
        return this == QSD || this == QSD_MT;
    }

    boolean isMinimal() {
        return this == MINIMAL || this == MINIMAL_MT;
    }

    /** Whether it can. */
    boolean serves(Export.Format format, boolean direct) {
        return true;
    }

    /** Starts it; the stage owns it. */
    abstract Server start(Stage stage, Export export, Places places, List<String> weirOptions)
            throws IOException, InterruptedException, ComparisonException;

    /** With an I/O thread for each name, or with the main loop. */
    final Server qemu(Stage stage, Export export, Places places, List<String> threads)
            throws IOException, InterruptedException, ComparisonException {
        Path mount = stage.mountFile(text());
        List<String> command = places.command("qemu-storage-daemon");
        var iothreads = new StringBuilder();
        for (int i = 0; i < threads.size(); i++) {
            command.addAll(List.of("--object", "iothread,id=" + threads.get(i)));
            iothreads.append(",iothread.").append(i).append('=').append(threads.get(i));
        }
        if (export.format() == Export.Format.NULL) {
            long bytes = (long) export.megabytes() << 20;
            command.addAll(List.of("--blockdev", "driver=null-co,node-name=n,read-zeroes=off,size=" + bytes));
        } else {
            String direct = export.direct() ? ",cache.direct=on" : "";
            command.addAll(List.of(
                    "--blockdev",
                    "driver=file,node-name=p,aio=io_uring" + direct + ",filename=" + places.inside(export.image()),
                    "--blockdev",
                    "driver=" + export.format().driver() + ",node-name=n,file=p" + direct));
        }
        command.addAll(List.of(
                "--export",
                "type=fuse,id=e,node-name=n,writable=on,growable=on,mountpoint=" + places.inside(mount) + iothreads));
        return stage.start(text(), List.of(mount), mount, command, Map.of());
    }

    @Override
    public String toString() {
        return text;
    }
}
