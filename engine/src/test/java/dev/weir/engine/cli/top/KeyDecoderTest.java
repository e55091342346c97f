package dev.weir.engine.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeyDecoderTest {
    private static List<Key> keys(String sent) {
        var decoder = new KeyDecoder();
        List<Key> keys = new ArrayList<>();
        for (char c : sent.toCharArray()) {
            Key key = decoder.next(c);
            if (key != null) {
                keys.add(key);
            }
        }
        return keys;
    }

    @Test
    void arrowsAndLetters() {
        assertThat(keys("\033[A\033[B\033OA\033OBjks"))
                .containsExactly(Key.UP, Key.DOWN, Key.UP, Key.DOWN, Key.DOWN, Key.UP, Key.SORT);
        assertThat(keys("\033[5~\033[6~\033[H\033[F\033[1~\033[4~"))
                .containsExactly(Key.PAGE_UP, Key.PAGE_DOWN, Key.HOME, Key.END, Key.HOME, Key.END);
    }

    @Test
    void whatIsUnknownIsSkippedAsAWhole() {
        assertThat(keys("\033[1;5Aq")).containsExactly(Key.QUIT);
        assertThat(keys("\033[24~xq")).containsExactly(Key.QUIT);
        assertThat(keys("\033q")).containsExactly(Key.QUIT);
        assertThat(keys("\033\033[Aq")).containsExactly(Key.UP, Key.QUIT);
        assertThat(keys("\033[111111111qq")).contains(Key.QUIT);
    }
}
