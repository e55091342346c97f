package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What a user of a node hears of changes that others make. */
@Timeout(30)
class ChangeListenerTest {
    private static final Permissions WRITE_AND_SHARE = Permissions.WRITE.sharingAll();
    private static final String ALL = "0+" + Long.MAX_VALUE;

    private final BlockGraph graph = BlockGraph.builder().build();
    private final List<String> heard = new ArrayList<>();

    @AfterEach
    void close() {
        graph.close().block();
    }

    private void add(String options) {
        graph.add(NodeOptions.parse(options)).block();
    }

    private BlockBackend attach(String node) {
        return graph.attach(graph.node(node), WRITE_AND_SHARE).block();
    }

    private BlockBackend listen(String node) {
        BlockBackend listening = attach(node);
        listening.onChange((offset, length) -> {
            heard.add(offset + "+" + length);
            return Mono.empty();
        });
        return listening;
    }

    private static Mono<Void> write(BlockBackend backend) {
        return backend.write(4096, ByteBuffer.allocateDirect(512), WriteFlag.NONE);
    }

    @Test
    void eachChangeByOthersIsToldWithItsRange() {
        add("memory,node-name=m,size=1M");
        BlockBackend listening = listen("m");
        BlockBackend other = attach("m");

        write(other).block();
        other.writeZeroes(8192, 100, WriteFlag.NONE).block();
        other.discard(0, 300).block();
        other.truncate(70_000, PreallocMode.OFF).block();
        other.read(0, ByteBuffer.allocateDirect(512)).block();
        other.flush().block();
        write(listening).block();

        assertThat(heard).containsExactly("4096+512", "8192+100", "0+300", "70000+" + Long.MAX_VALUE);
    }

    @Test
    void aChangeThatFailedIsToldToo() {
        add("memory,node-name=m,size=4096");
        listen("m");

        assertThat(write(attach("m")).onErrorComplete().materialize().block()).isNotNull();

        assertThat(heard).containsExactly("4096+512");
    }

    @Test
    void aChangeElsewhereInTheTreeMayBeAnywhere() {
        add("memory,node-name=m,size=1M");
        add("raw,node-name=a,file=m,offset=512");
        listen("a");

        write(attach("m")).block();

        assertThat(heard).containsExactly(ALL);
    }

    @Test
    void whatLiesBelowHearsOfChangesAndFlushesAbove() {
        add("memory,node-name=m,size=1M");
        add("raw,node-name=a,file=m");
        listen("m");
        BlockBackend above = attach("a");

        write(above).block();
        above.flush().block();

        assertThat(heard).containsExactly(ALL, ALL);
    }

    @Test
    void nodesThatShareNothingAreNotTold() {
        add("memory,node-name=m,size=1M");
        add("memory,node-name=n,size=1M");
        listen("m");

        write(attach("n")).block();

        assertThat(heard).isEmpty();
    }

    @Test
    void otherContentsOfTheNodeAreToldAndOtherCachingIsNot() {
        add("memory,node-name=m,size=1M");
        add("raw,node-name=a,file=m");
        listen("a");

        graph.reopen(List.of(NodeOptions.parse("raw,node-name=a,file=m,cache.direct=on")))
                .block();
        assertThat(heard).isEmpty();
        graph.reopen(List.of(NodeOptions.parse("raw,node-name=a,file=m,offset=512")))
                .block();

        assertThat(heard).contains(ALL);
    }

    @Test
    void whoMadeTheChangeHearsOfItsEndAfterTheListener() {
        add("memory,node-name=m,size=1M");
        Sinks.Empty<Void> told = Sinks.empty();
        attach("m").onChange((offset, length) -> told.asMono());
        BlockBackend other = attach("m");

        CompletableFuture<Void> written = write(other).toFuture();

        assertThat(written).isNotDone();
        assertThat(other.inFlight()).isOne();
        told.tryEmitEmpty();
        assertThat(written).isCompleted();
        assertThat(other.inFlight()).isZero();
    }

    @Test
    void aListenerThatFailsHarmsNobody() {
        add("memory,node-name=m,size=1M");
        attach("m").onChange((offset, length) -> {
            throw new IllegalStateException("made up");
        });

        write(attach("m")).block();
    }

    @Test
    void nobodyIsToldAfterTheListenerHasGone() {
        add("memory,node-name=m,size=1M");
        BlockBackend other = attach("m");
        BlockBackend listening = listen("m");
        listening.onChange(null);
        write(other).block();
        listen("m").close().block();
        write(other).block();

        assertThat(heard).isEmpty();
    }
}
