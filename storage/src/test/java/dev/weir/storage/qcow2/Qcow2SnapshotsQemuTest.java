package dev.weir.storage.qcow2;

import static dev.weir.storage.qcow2.BytesFile.await;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.image.ImageRepair;
import dev.weir.storage.image.ImageSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Internal snapshots, of which QEMU is told, and QEMU's. */
@Timeout(300)
class Qcow2SnapshotsQemuTest {
    private static final Instant DATE = Instant.ofEpochSecond(1_700_000_000, 5);

    @TempDir
    Path dir;

    private QemuTools qemu;
    private Path image;

    @BeforeEach
    void tools() {
        QemuTools.assume();
        qemu = new QemuTools(dir);
        image = dir.resolve("image.qcow2");
    }

    private void make(String options) throws Exception {
        qemu.works("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, image.toString(), "6M");
        qemu.io(image, "write -P 1 0 900k", "write -P 2 3M 100k", "write -z 2M 64k", "write -P 3 5M 700");
    }

    /** @return what the file became */
    private <T> T ours(Function<BytesFile, Mono<T>> change) throws Exception {
        BytesFile file = BytesFile.of(image);
        T result = requireNonNull(await(change.apply(file)));
        file.store(image);
        qemu.clean(image);
        return result;
    }

    private ImageSnapshot create(String name) throws Exception {
        return ours(file -> Qcow2Snapshots.create(file, file.header(), name, DATE));
    }

    private void apply(String name) throws Exception {
        ours(file -> Qcow2Snapshots.apply(file, file.header(), name).thenReturn(true));
    }

    private void delete(String name) throws Exception {
        ours(file -> Qcow2Snapshots.delete(file, file.header(), name).thenReturn(true));
    }

    private byte[] contents(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-img", "convert", "-f", "qcow2", "-O", "raw"));
        command.addAll(List.of(options));
        command.addAll(List.of(image.toString(), "raw"));
        qemu.works(command.toArray(new String[0]));
        return Files.readAllBytes(dir.resolve("raw"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compat=0.10",
                "compat=1.1",
                "cluster_size=512",
                "cluster_size=512,refcount_bits=64",
                "cluster_size=2M",
                "refcount_bits=4,cluster_size=4k",
                "extended_l2=on",
                "compression_type=zstd"
            })
    void snapshotsAreTakenAppliedAndDeleted(String options) throws Exception {
        make(options);
        if (!options.contains("=4k") && !options.contains("2M")) {
            qemu.io(image, "write -c -P 4 4M 512k");
        }
        byte[] first = contents();
        assertThat(create("first").id()).isEqualTo("1");
        assertThat(contents()).isEqualTo(first);
        assertThat(contents("-l", "first")).isEqualTo(first);
        qemu.io(image, "write -P 7 100k 300k", "write -P 8 3M 200k", "discard 512k 64k");
        qemu.clean(image);
        byte[] second = contents();
        assertThat(create("second").id()).isEqualTo("2");
        qemu.io(image, "write -P 9 0 64k", "write -P 9 2M 1M");
        byte[] third = contents();
        assertThat(contents("-l", "first")).isEqualTo(first);
        assertThat(contents("-l", "second")).isEqualTo(second);

        apply("first");
        assertThat(contents()).isEqualTo(first);
        apply("2");
        assertThat(contents()).isEqualTo(second).isNotEqualTo(third);
        qemu.io(image, "write -P 9 0 64k");
        qemu.clean(image);
        assertThat(contents("-l", "second")).isEqualTo(second);

        delete("first");
        assertThat(contents("-l", "second")).isEqualTo(second);
        apply("second");
        delete("second");
        assertThat(contents()).isEqualTo(second);
        assertThat(BytesFile.of(image).header().snapshotsOffset()).isZero();
        qemu.io(image, "write -P 10 0 3M");
        qemu.clean(image);
    }

    @Test
    void snapshotsOfQemuAreListedAppliedAndDeleted() throws Exception {
        make("compat=1.1");
        byte[] first = contents();
        qemu.works("qemu-img", "snapshot", "-c", "first", image.toString());
        qemu.io(image, "write -P 7 100k 300k");
        byte[] second = contents();
        qemu.works("qemu-img", "snapshot", "-c", "second", image.toString());
        BytesFile file = BytesFile.of(image);
        assertThat(requireNonNull(await(Qcow2Snapshots.list(file, file.header()))))
                .extracting(ImageSnapshot::id, ImageSnapshot::name, ImageSnapshot::diskSize)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("1", "first", 6L << 20),
                        org.assertj.core.groups.Tuple.tuple("2", "second", 6L << 20));
        apply("first");
        assertThat(contents()).isEqualTo(first);
        delete("first");
        assertThat(contents()).isEqualTo(first);
        assertThat(contents("-l", "second")).isEqualTo(second);
    }

    @Test
    void qemuListsAppliesAndDeletesOurs() throws Exception {
        make("compat=1.1");
        byte[] first = contents();
        create("first");
        create("second");
        qemu.io(image, "write -P 7 100k 300k");
        assertThat(qemu.run("qemu-img", "snapshot", "-l", image.toString()).output())
                .contains("first", "second", "2023-11-14");
        qemu.works("qemu-img", "snapshot", "-a", "first", image.toString());
        assertThat(contents()).isEqualTo(first);
        qemu.works("qemu-img", "snapshot", "-d", "first", image.toString());
        qemu.works("qemu-img", "snapshot", "-d", "second", image.toString());
        qemu.clean(image);
        assertThat(contents()).isEqualTo(first);
    }

    @Test
    void theDiskHasTheSizeAgainThatItHad() throws Exception {
        make("cluster_size=512");
        byte[] first = contents();
        create("first");
        qemu.works("qemu-img", "resize", "-q", image.toString(), "40M");
        qemu.io(image, "write -P 7 30M 300k");
        byte[] second = contents();
        create("second");
        apply("first");
        assertThat(contents()).isEqualTo(first);
        apply("second");
        assertThat(contents()).isEqualTo(second);
    }

    @Test
    void manySnapshotsMakeTheRefcountTableGrow() throws Exception {
        qemu.works(
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "-o",
                "cluster_size=512,refcount_bits=64",
                image.toString(),
                "2M");
        qemu.io(image, "write -P 1 0 1M");
        int before = BytesFile.of(image).header().refcountTableClusters();
        BytesFile file = BytesFile.of(image);
        for (int i = 0; i < 2000; i++) {
            await(Qcow2Snapshots.create(file, file.header(), "snapshot " + i, DATE));
        }
        assertThat(file.header().refcountTableClusters()).isGreaterThan(before);
        file.store(image);
        qemu.clean(image);
    }

    private void assertRefused(BlockErrorKind kind, Function<BytesFile, Mono<?>> change) throws IOException {
        BytesFile file = BytesFile.of(image);
        assertThatThrownBy(() -> await(change.apply(file)))
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(kind));
        assertThat(file.log).isEmpty();
    }

    @Test
    void nothingChangesWhereTheRefcountsAreTooNarrow() throws Exception {
        make("refcount_bits=1");
        assertRefused(BlockErrorKind.INVALID, file -> Qcow2Snapshots.create(file, file.header(), "one", DATE));
    }

    @Test
    void imagesWithADataFileHaveNone() throws Exception {
        make("data_file=data.raw");
        assertRefused(BlockErrorKind.UNSUPPORTED, file -> Qcow2Snapshots.create(file, file.header(), "one", DATE));
    }

    @Test
    void whatIsNotThereIsNotFound() throws Exception {
        make("compat=1.1");
        assertRefused(BlockErrorKind.NOT_FOUND, file -> Qcow2Snapshots.apply(file, file.header(), "one"));
        assertRefused(BlockErrorKind.NOT_FOUND, file -> Qcow2Snapshots.delete(file, file.header(), "one"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"create", "apply", "delete"})
    void aCrashLeavesTheOldOrTheNew(String operation) throws Exception {
        make("cluster_size=512,refcount_bits=8");
        create("first");
        qemu.io(image, "write -P 7 100k 300k", "discard 512k 64k");
        byte[] old = contents();
        byte[] first = contents("-l", "first");
        byte[] before = Files.readAllBytes(image);
        BytesFile file = BytesFile.of(image);
        Mono<?> change = switch (operation) {
            case "create" -> Qcow2Snapshots.create(file, file.header(), "second", DATE);
            case "apply" -> Qcow2Snapshots.apply(file, file.header(), "first");
            default -> Qcow2Snapshots.delete(file, file.header(), "first");
        };
        await(change);
        Random random = new Random(4);
        int states = 0;
        for (int crash = 0; crash <= file.log.size(); crash++) {
            BytesFile left = new BytesFile(crashed(before, file.log, crash, random));
            ImageScan scan =
                    requireNonNull(await(new ImageScan(new MetadataFile(left), left.header(), done -> {}).run()));
            assertThat(scan.findings().corruptions).as("crash at %d", crash).isZero();
            assertThat(scan.findings().messages())
                    .filteredOn(message -> message.contains("COPIED"))
                    .allMatch(message -> message.endsWith("refcount=1"));
            if (crash % 10 == 0 || crash > file.log.size() - 10) {
                await(Qcow2Check.check(left, left.header(), ImageRepair.ALL, done -> {}));
                left.store(image);
                qemu.clean(image);
                byte[] now = contents();
                assertThat(now.length).isEqualTo(old.length);
                assertThat(java.util.Arrays.equals(now, old)
                                || (operation.equals("apply") && java.util.Arrays.equals(now, first)))
                        .as("contents after a crash at %d", crash)
                        .isTrue();
                if (left.header().snapshotCount() > 0) {
                    assertThat(contents("-l", "first")).isEqualTo(first);
                }
                states++;
            }
        }
        assertThat(states).isGreaterThan(5);
    }

    /** All writes up to the last flush before the crash, and some of those after it. */
    static byte[] crashed(byte[] before, List<BytesFile.@Nullable Write> log, int crash, Random random) {
        byte[] bytes = before.clone();
        int flushed = 0;
        for (int i = 0; i < crash; i++) {
            flushed = log.get(i) == null ? i : flushed;
        }
        for (int i = 0; i < crash; i++) {
            BytesFile.Write write = log.get(i);
            if (write != null && (i < flushed || random.nextBoolean())) {
                bytes = BytesFile.apply(bytes, write.offset(), write.data());
            }
        }
        return bytes;
    }
}
