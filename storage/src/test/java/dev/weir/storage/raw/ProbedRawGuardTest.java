package dev.weir.storage.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.image.ImageMagic;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** An image whose format nobody named must not become one of another format. */
class ProbedRawGuardTest {
    private final BlockGraph graph = BlockGraph.builder().build();

    @AfterEach
    void close() {
        graph.close().block();
    }

    static Stream<Arguments> magics() {
        return Stream.of(
                Arguments.of("qcow2", 0, "QFI\u00fb\0\0\0\3"),
                Arguments.of("qcow", 0, "QFI\u00fb\0\0\0\1"),
                Arguments.of("qed", 0, "QED\0"),
                Arguments.of("vmdk", 0, "KDMV"),
                Arguments.of("vmdk", 0, "COWD"),
                Arguments.of("vmdk", 0, "# Disk DescriptorFile\n"),
                Arguments.of("vmdk", 0, "#x\n\n  \n#y\r\nversion=2\n"),
                Arguments.of("vpc", 0, "conectix"),
                Arguments.of("vhdx", 0, "vhdxfile"),
                Arguments.of("vdi", 64, "\u007f\u0010\u00da\u00be"),
                Arguments.of("luks", 0, "LUKS\u00ba\u00be"),
                Arguments.of("parallels", 0, "WithoutFreeSpace"),
                Arguments.of("parallels", 0, "WithouFreSpacExt"),
                Arguments.of("bochs", 0, "Bochs Virtual HD Image"),
                Arguments.of("cloop", 0, "#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0"),
                Arguments.of("dmg", 0, "koly"));
    }

    @ParameterizedTest
    @MethodSource("magics")
    void refusesTheMagicOfAnotherFormat(String format, int offset, String magic) {
        BlockNode node = open("probed=on,");
        assertThatThrownBy(() -> write(node, offset, magic).block())
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(BlockErrorKind.ACCESS_DENIED))
                .hasMessageContaining("format '" + format + "'");
        assertThat(read(node, 0, 512)).containsOnly(0);
        BlockNode named = open("");
        write(named, offset, magic).block();
        assertThat(read(named, offset, magic.length())).isEqualTo(magic.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void resizingDoesNotCompleteAMagicEither() {
        BlockNode node = open("probed=on,");
        write(node, 0, "QEDx").block();
        assertThatThrownBy(() -> node.truncate(3, PreallocMode.OFF).block())
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(BlockErrorKind.ACCESS_DENIED));
        assertThat(read(node, 0, 4)).isEqualTo("QEDx".getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void zeroingDoesNotCompleteAMagicEither() {
        BlockNode node = open("probed=on,");
        write(node, 0, "QEDx").block();
        assertThatThrownBy(() -> node.writeZeroes(3, 1, WriteFlag.NONE).block())
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(BlockErrorKind.ACCESS_DENIED));
        node.writeZeroes(0, 512, WriteFlag.NONE).block();
        assertThat(read(node, 0, 4)).containsOnly(0);
    }

    @ParameterizedTest
    @MethodSource("magics")
    void refusesTheByteThatCompletesAMagicInAnyOrder(String format, int offset, String magic) {
        BlockNode node = open("probed=on,");
        List<Throwable> refused = Flux.range(0, magic.length())
                .map(i -> magic.length() - 1 - i)
                .concatMap(i -> write(node, offset + i, magic.substring(i, i + 1))
                        .then(Mono.<Throwable>empty())
                        .onErrorResume(Mono::just))
                .collectList()
                .block();
        assertThat(refused).isNotEmpty();
        assertThat(ImageMagic.formatOf(ByteBuffer.wrap(read(node, 0, 512)))).isNull();
    }

    @Test
    void concurrentWritesDoNotCompleteAMagicTogether() {
        BlockNode node = open("probed=on,");
        List<Throwable> refused = Flux.just(0, 1, 2, 3)
                .flatMap(i -> write(node, i, "KDMV".substring(i, i + 1))
                        .then(Mono.<Throwable>empty())
                        .onErrorResume(Mono::just))
                .collectList()
                .block();
        assertThat(refused).hasSize(1);
    }

    @Test
    void zeroesCompleteAMagicToo() {
        BlockNode node = open("probed=on,");
        write(node, 0, "QEDx").block();
        assertThatThrownBy(() -> node.writeZeroes(3, 1, WriteFlag.NONE).block()).hasMessageContaining("'qed'");
        assertThat(read(node, 0, 4)).isEqualTo("QEDx".getBytes(StandardCharsets.ISO_8859_1));
        node.writeZeroes(0, 1000, WriteFlag.NONE).block();
        assertThat(read(node, 0, 1000)).containsOnly(0);
    }

    @Test
    void theSameBytesElsewhereAreFine() {
        BlockNode node = open("probed=on,");
        write(node, 512, "QFI\u00fb").block();
        write(node, 1, "QFI\u00fb").block();
        assertThat(read(node, 512, 1)).containsExactly('Q');
    }

    private BlockNode open(String option) {
        return graph.add(NodeOptions.parse("raw," + option + "file.driver=memory,file.size=1000001"))
                .block();
    }

    private static Mono<Void> write(BlockNode node, long offset, String text) {
        return node.write(offset, ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)), WriteFlag.NONE);
    }

    private static byte[] read(BlockNode node, long offset, int length) {
        byte[] data = new byte[length];
        node.read(offset, ByteBuffer.wrap(data)).block();
        return data;
    }
}
