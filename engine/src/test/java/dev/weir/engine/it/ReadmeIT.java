package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.engine.cli.Main;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of README.md, taken from there, compiled and run as they stand. */
@MountRequired(programs = {"cmp", "umount"})
class ReadmeIT {
    private static final Path README = Path.of("..", "README.md");

    /** What exports the device of the README: a store that answers later and on another thread. */
    private static final String STORE_MAIN = """
            import dev.weir.engine.BlockEngine;
            import dev.weir.fuse.FuseExportOptions;
            import java.nio.file.Path;
            import java.util.concurrent.*;

            class StoreMain {
                static class Later implements StoreDevice.Store {
                    final ConcurrentMap<Long, byte[]> values = new ConcurrentHashMap<>();
                    final Executor later = CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS);

                    public CompletableFuture<byte[]> get(long key) {
                        return CompletableFuture.supplyAsync(() -> values.getOrDefault(key, new byte[0]), later);
                    }

                    public CompletableFuture<Void> put(long key, byte[] value) {
                        return CompletableFuture.runAsync(() -> values.put(key, value), later);
                    }

                    public CompletableFuture<Void> sync() {
                        return CompletableFuture.runAsync(() -> System.out.println("sync"), later);
                    }
                }

                public static void main(String[] args) {
                    var mount = FuseExportOptions.at(Path.of("mnt.raw")).writable(true).build();
                    try (var engine = BlockEngine.create()) {
                        engine.addNode("store", new StoreDevice(new Later(), 3000001))
                                .flatMap(node -> engine.export(node, mount))
                                .block()
                                .onTerminate()
                                .block();
                    }
                }
            }
            """;

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createFiles() {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.shell("head -c 3000001 /dev/urandom >$1; : >$2", image, mountpoint)
                .ok();
        FuseMounts.watch(mountpoint);
    }

    @Test
    void embedsTheEngineInAFewLines() throws Exception {
        Client program = run(source("Embed.java"), "Embed");
        awaitMount(program);
        Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        Client.shell("printf changed | dd of=$1 conv=notrunc status=none", mountpoint)
                .ok();
        Client.run("umount", mountpoint.toString()).ok();

        Client.Result result = program.await(Duration.ofSeconds(30)).ok();

        assertThat(result.out()).isEqualTo(mountpoint + ", 3000001 bytes\n");
        assertThat(Files.readString(image, java.nio.charset.StandardCharsets.ISO_8859_1))
                .startsWith("changed");
    }

    @Test
    void exportsADeviceOfOnesOwn() throws Exception {
        String device = source("StoreDevice.java");
        assertThat(device.lines().filter(line -> !line.isBlank() && !line.startsWith("import")))
                .hasSizeLessThanOrEqualTo(40);
        Files.writeString(directory.resolve("StoreMain.java"), STORE_MAIN);
        Client program = run(device, "StoreMain");
        awaitMount(program);
        Client.shell(
                        "cmp -n 3000001 /dev/zero $2; dd if=$1 of=$2 bs=100001 conv=notrunc,fsync status=none; cmp $1 $2;"
                                + " printf x | dd of=$2 bs=1 seek=1234567 conv=notrunc status=none;"
                                + " printf x | dd of=$1 bs=1 seek=1234567 conv=notrunc status=none; cmp $1 $2",
                        image,
                        mountpoint)
                .ok();
        Client.run("umount", mountpoint.toString()).ok();

        assertThat(program.await(Duration.ofSeconds(30)).ok().out()).contains("sync");
    }

    /** The code block after {@code <!-- example: NAME; ... -->}. */
    private static String source(String name) throws Exception {
        Matcher matcher = Pattern.compile(
                        "<!-- example: " + Pattern.quote(name) + "; .*? -->\n```java\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(README));
        assertThat(matcher.find()).as(name).isTrue();
        return matcher.group(1);
    }

    /** Compiles what lies in the directory besides the source, and runs the main class there. */
    private Client run(String source, String main) throws Exception {
        Path file = directory.resolve(source.replaceAll("(?s).*?\nclass (\\w+).*", "$1") + ".java");
        Files.writeString(file, source);
        String bin = Path.of(System.getProperty("java.home"), "bin").toString();
        return Client.startShell(
                "cd $1; $2/javac -Xlint:all -Werror -cp $3 -d . *.java; exec $2/java $4 -cp $3:. $5",
                directory,
                bin,
                classPath(),
                Runtime.version().feature() >= 23 ? "--enable-native-access=ALL-UNNAMED" : "-ea",
                main);
    }

    private static String classPath() throws Exception {
        Path engine = Path.of(
                Main.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        return Files.isRegularFile(engine)
                ? engine.toString()
                : System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    private void awaitMount(Client program) throws InterruptedException {
        while (!FuseMounts.isMounted(mountpoint)) {
            assertThat(program.isAlive()).isTrue();
            Thread.sleep(20);
        }
    }
}
