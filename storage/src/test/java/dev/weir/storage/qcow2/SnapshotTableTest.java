package dev.weir.storage.qcow2;

import static dev.weir.storage.qcow2.BytesFile.await;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotTableTest {
    private static final int AT = 0x10000;
    private static final Instant DATE = Instant.ofEpochSecond(1_700_000_000, 123_456_789);

    private static Qcow2Header header(int snapshots) {
        return new Qcow2Header(
                3,
                new Geometry(16, 4, false),
                1 << 20,
                0,
                0x30000,
                1,
                0x10000,
                1,
                snapshots,
                AT,
                0,
                0,
                0,
                Compression.ZLIB,
                104,
                new byte[0],
                List.of(),
                null,
                null,
                null);
    }

    private static SnapshotTable reread(SnapshotTable table) {
        BytesFile file = new BytesFile(new byte[AT]);
        await(table.write(new MetadataFile(file), AT));
        assertThat(file.length() - AT).isEqualTo(table.bytes());
        return requireNonNull(
                await(SnapshotTable.read(file, header(table.snapshots().size()))));
    }

    private static byte[] entry(int length, int extra, int id, int name) {
        byte[] image = new byte[AT + length];
        ByteBuffer.wrap(Arrays.copyOf(image, AT + Snapshot.FIXED))
                .putShort(AT + 12, (short) id)
                .putShort(AT + 14, (short) name)
                .putInt(AT + 36, extra)
                .get(0, image, 0, Math.min(image.length, AT + Snapshot.FIXED));
        return image;
    }

    private static void assertInvalid(byte[] image) {
        assertThatThrownBy(() -> await(SnapshotTable.read(new BytesFile(image), header(1))))
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(BlockErrorKind.INVALID_FORMAT));
    }

    @Test
    void entriesAreReadAsTheyWereWritten() {
        byte[] extra = new byte[1000];
        extra[999] = 7;
        List<Snapshot> snapshots = List.of(
                Snapshot.of(0x50000, 3, "1", "first", DATE, 12345),
                new Snapshot(0x60000, 4, new byte[] {'2'}, new byte[] {(byte) 0xff}, DATE, 99, 0, extra),
                new Snapshot(0x70000, 5, new byte[0], new byte[3], DATE, 1, 77, new byte[0]));
        SnapshotTable read = reread(new SnapshotTable(snapshots));
        assertThat(read.snapshots())
                .usingRecursiveFieldByFieldElementComparator()
                .isEqualTo(snapshots);
        assertThat(read.snapshots().get(0).diskSize(1)).isEqualTo(12345);
        assertThat(read.snapshots().get(2).diskSize(1)).isEqualTo(1);
        assertThat(read.require("2").l1Entries()).isEqualTo(4);
        assertThat(read.require("first").id()).isEqualTo("1");
        assertThatThrownBy(() -> read.require("third")).hasMessageContaining("third");
    }

    @Test
    void tablesLargerThanTheBufferAreReadAndWritten() {
        List<Snapshot> snapshots = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            snapshots.add(Snapshot.of(0x50000, i, "" + i, "x".repeat(60000 + i), DATE, i));
        }
        assertThat(reread(new SnapshotTable(snapshots)).snapshots())
                .usingRecursiveFieldByFieldElementComparator()
                .isEqualTo(snapshots);
    }

    @Test
    void whatIsTooLargeIsRefused() {
        assertInvalid(entry(5000, 1025, 0, 0));
        assertInvalid(entry(5000, -1, 0, 0));
    }

    @Test
    void whatEndsPastTheFileIsRefused() {
        assertInvalid(entry(39, 0, 0, 0));
        assertInvalid(entry(41, 0, 1, 1));
        assertInvalid(entry(1063, 1024, 0, 0));
    }

    @Test
    void anL1TableThatCannotBeIsFoundBeforeItIsUsed() {
        Geometry geometry = header(0).geometry();
        for (Snapshot snapshot : List.of(
                Snapshot.of(0x50001, 1, "1", "", DATE, 0),
                Snapshot.of(-0x10000, 1, "1", "", DATE, 0),
                Snapshot.of(0x50000, -1, "1", "", DATE, 0),
                Snapshot.of(0x50000, (4 << 20) + 1, "1", "", DATE, 0))) {
            assertThatThrownBy(() -> snapshot.requireSound(geometry)).isInstanceOf(BlockException.class);
        }
        Snapshot.of(0x50000, 4 << 20, "1", "", DATE, 0).requireSound(geometry);
    }
}
