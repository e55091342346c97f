package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.peer.JnrFusePeer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Who can be compared, each in the configuration that suits it best. */
enum Contender {
    /** {@code weir export}. */
    WEIR("weir") {
        @Override
        Server start(Stage stage, Settings settings) throws IOException, InterruptedException, ComparisonException {
            if (!Files.isExecutable(settings.launcher())) {
                throw new ComparisonException("no launcher at " + settings.launcher() + "; name it with --weir");
            }
            Path image = stage.image(text());
            Path mount = stage.mountFile(text());
            return Server.start(
                    text(),
                    mount,
                    mount,
                    List.of(
                            settings.launcher().toString(),
                            "export",
                            image.toString(),
                            mount.toString(),
                            "--format=raw",
                            "--writable",
                            "--growable"));
        }
    },

    /** The synchronous file system on jnr-fuse. */
    JNR_FUSE("jnr-fuse") {
        @Override
        Server start(Stage stage, Settings settings) throws IOException, InterruptedException, ComparisonException {
            Path image = stage.image(text());
            Path mount = stage.mountDirectory(text());
            return Server.start(
                    text(),
                    mount,
                    mount.resolve(JnrFusePeer.FILE),
                    List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx256m",
                            "-cp",
                            System.getProperty("java.class.path"),
                            JnrFusePeer.class.getName(),
                            image.toString(),
                            mount.toString()));
        }
    },

    /** qemu-storage-daemon out of the root folder of the peers, in which the stage has to be. */
    QSD("qsd") {
        @Override
        Server start(Stage stage, Settings settings) throws IOException, InterruptedException, ComparisonException {
            Path image = stage.image(text());
            Path mount = stage.mountFile(text());
            return Server.start(
                    text(),
                    mount,
                    mount,
                    List.of(
                            "chroot",
                            settings.peers().toString(),
                            "qemu-storage-daemon",
                            "--blockdev",
                            "driver=file,node-name=p,aio=io_uring,filename=" + settings.insidePeers(image),
                            "--blockdev",
                            "driver=raw,node-name=n,file=p",
                            "--export",
                            "type=fuse,id=e,node-name=n,writable=on,growable=on,mountpoint="
                                    + settings.insidePeers(mount)));
        }
    };

    private final String text;

    Contender(String text) {
        this.text = text;
    }

    /** The name on the command line and in tables. */
    String text() {
        return text;
    }

    /** Starts it on an image of its own. */
    abstract Server start(Stage stage, Settings settings) throws IOException, InterruptedException, ComparisonException;

    @Override
    public String toString() {
        return text;
    }
}
