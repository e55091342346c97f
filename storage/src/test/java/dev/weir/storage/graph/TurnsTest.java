package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class TurnsTest {
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final Turns turns = new Turns();
    private final Sinks.One<Integer> slow = Sinks.one();
    private final List<Integer> ended = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();

    private void start(Mono<Integer> turn) {
        turn.subscribe(ended::add, failures::add);
    }

    @Test
    void whoHearsOfAnEndMayWaitForAnotherTurn() {
        Mono<Integer> nested = turns.inTurn(() -> Mono.just(2));
        start(turns.inTurn(slow::asMono).doOnNext(one -> ended.add(nested.block(LIMIT))));

        slow.tryEmitValue(1);

        assertThat(failures).isEmpty();
        assertThat(ended).containsExactly(2, 1);
    }

    @Test
    void manyTurnsBehindASlowOneDoNotGrowTheStack() {
        start(turns.inTurn(slow::asMono));
        for (int i = 1; i < 5000; i++) {
            int number = i;
            start(turns.inTurn(() -> Mono.just(number)));
        }
        assertThat(ended).isEmpty();

        slow.tryEmitValue(0);

        assertThat(ended).isEqualTo(IntStream.range(0, 5000).boxed().toList());
    }

    @Test
    void workThatThrowsEndsItsTurn() {
        assertThatThrownBy(() -> turns.inTurn(() -> {
                            throw new NoClassDefFoundError("made up");
                        })
                        .block(LIMIT))
                .hasMessageContaining("made up");

        assertThat(turns.inTurn(() -> Mono.just(1)).block(LIMIT)).isEqualTo(1);
    }

    @Test
    void workGoesOnWithoutItsSubscriber() {
        turns.inTurn(slow::asMono).subscribe(ended::add, failures::add).dispose();
        start(turns.inTurn(() -> Mono.just(2)));
        assertThat(ended).isEmpty();

        slow.tryEmitValue(1);

        assertThat(ended).containsExactly(2);
    }
}
