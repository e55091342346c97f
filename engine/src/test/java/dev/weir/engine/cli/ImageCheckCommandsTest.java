package dev.weir.engine.cli;

import static dev.weir.engine.cli.CommandRun.weir;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code weir image check} and {@code weir image snapshot}. */
@Timeout(60)
class ImageCheckCommandsTest {
    private static final long REFCOUNT_BLOCK_POINTER = 48;

    @TempDir
    Path directory;

    private CommandRun image(String... words) {
        return weir(Stream.concat(Stream.of("image"), Stream.of(words)).toArray(String[]::new));
    }

    private String disk() {
        return directory.resolve("disk.qcow2").toString();
    }

    private void make() {
        assertThat(image("create", "-f", "qcow2", disk(), "1M").status()).isZero();
    }

    /** Counts a cluster, or one more reference of one. */
    private void count(int cluster, int references) throws IOException {
        try (var file = new RandomAccessFile(disk(), "rw")) {
            file.seek(REFCOUNT_BLOCK_POINTER);
            file.seek(file.readLong());
            file.seek(file.readLong() + 2L * cluster);
            file.writeShort(references);
            file.setLength(Math.max(file.length(), (cluster + 1L) << 16));
        }
    }

    @Test
    void aSoundImageIsSound() {
        make();
        CommandRun run = image("check", disk());
        assertThat(run.status()).isZero();
        assertThat(run.out()).contains("No errors were found.", "0/16");
    }

    @Test
    void leaksAreToldAndFreed() throws IOException {
        make();
        count(9, 1);
        assertThat(image("check", disk()).status()).isEqualTo(3);
        CommandRun json = image("check", "--output=json", disk());
        assertThat(json.status()).isEqualTo(3);
        assertThat(new ObjectMapper().readTree(json.out()).path("leaks").asInt())
                .isEqualTo(1);
        assertThat(image("check", "-f", "qcow2", "--repair", "leaks", disk()).out())
                .contains("1 leaked clusters were freed", "No errors are left.");
        assertThat(image("check", disk()).status()).isZero();
    }

    @Test
    void errorsAreToldAndMended() throws IOException {
        make();
        count(0, 0);
        assertThat(image("check", disk()).status()).isEqualTo(2);
        assertThat(image("check", "-f", "qcow2", "-r", "leaks", disk()).status())
                .isEqualTo(2);
        assertThat(image("check", "-f", "qcow2", "-r", "all", disk()).status()).isZero();
        assertThat(image("check", disk()).status()).isZero();
    }

    @Test
    void whatCannotBeCheckedHasAStatusOfItsOwn() throws IOException {
        Path raw = Files.write(directory.resolve("raw"), new byte[512]);
        assertThat(image("check", raw.toString()).status()).isEqualTo(63);
        assertThat(image("check", directory.resolve("none").toString()).status())
                .isEqualTo(1);
    }

    @Test
    void nothingIsMendedInWhatOnlyBeginsLikeAnImage() {
        make();
        CommandRun run = image("check", "--repair", "all", disk());
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("-f qcow2");
    }

    @Test
    void snapshotsAreTakenListedAppliedAndDeleted() {
        make();
        assertThat(image("snapshot", "create", "-f", "qcow2", disk(), "first").status())
                .isZero();
        assertThat(image("snapshot", "list", disk()).out()).contains("first");
        assertThat(image("snapshot", "apply", "-f", "qcow2", disk(), "first").status())
                .isZero();
        assertThat(image("check", disk()).status()).isZero();
        assertThat(image("snapshot", "delete", "-f", "qcow2", disk(), "1").status())
                .isZero();
        assertThat(image("snapshot", "list", disk()).out()).isEmpty();
        assertThat(image("snapshot", "delete", "-f", "qcow2", disk(), "1").err())
                .contains("could not be found");
        assertThat(image("check", disk()).status()).isZero();
    }
}
