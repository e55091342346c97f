package dev.weir.engine.cli.syntax;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SyntaxTest {
    private static final Option LOUD = Option.flag("loud", 'l', "Be loud.");
    private static final Option COLOUR = Option.choice("colour", "Which.", "red", "green", "blue");
    private static final Option COUNT = Option.number("count", "N", "How many.", 3, 1, 10);
    private static final Option LENGTH = Option.size("length", "How long.", null, 1);
    private static final Syntax SYNTAX = new Syntax(
            "weir paint",
            "Paints.",
            List.of(new Syntax.Operand("WALL", "What to paint."), new Syntax.Operand("BRUSH", "And how.")),
            List.of(
                    new Syntax.Section("Paint", List.of(COLOUR, COUNT, LENGTH)),
                    new Syntax.Section("General", List.of(LOUD, Syntax.HELP))),
            List.of());

    @Test
    void optionsAndOperandsStandInAnyOrder() {
        Arguments arguments = SYNTAX.parse(List.of("--count", "7", "wall", "-l", "brush", "--length=1.5k"));

        assertThat(arguments.operand(0)).isEqualTo("wall");
        assertThat(arguments.operand(1)).isEqualTo("brush");
        assertThat(arguments.number(COUNT)).isEqualTo(7);
        assertThat(arguments.bytes(LENGTH)).isEqualTo(1536);
        assertThat(arguments.has(LOUD)).isTrue();
    }

    @Test
    void whatIsNotGivenHasItsStandardValue() {
        Arguments arguments = SYNTAX.parse(List.of("wall", "brush"));

        assertThat(arguments.get(COLOUR)).isEqualTo("red");
        assertThat(arguments.number(COUNT)).isEqualTo(3);
        assertThat(arguments.find(LENGTH)).isNull();
        assertThat(arguments.has(COLOUR)).isFalse();
        assertThat(arguments.has(LOUD)).isFalse();
    }

    @Test
    void afterTwoDashesNothingIsAnOption() {
        Arguments arguments = SYNTAX.parse(List.of("-l", "--", "--count", "-l"));

        assertThat(arguments.operand(0)).isEqualTo("--count");
        assertThat(arguments.operand(1)).isEqualTo("-l");
    }

    @Test
    void aSingleDashAndAFileOfArgumentsAreOperandsAsTheyStand() {
        Arguments arguments = SYNTAX.parse(List.of("-", "@file"));

        assertThat(arguments.operand(0)).isEqualTo("-");
        assertThat(arguments.operand(1)).isEqualTo("@file");
    }

    @Test
    void helpNeedsNothingElse() {
        assertThat(SYNTAX.parse(List.of("-h")).has(Syntax.HELP)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "wall|BRUSH is missing; see 'weir paint --help'",
                "wall brush bucket|unexpected argument 'bucket'; see 'weir paint --help'",
                "wall brush --cuont 1|unknown option '--cuont' (did you mean '--count'?)",
                "wall brush --col red|unknown option '--col' (did you mean '--colour'?)",
                "wall brush --zzz|unknown option '--zzz'; see 'weir paint --help'",
                "wall brush -x|unknown option '-x'; see 'weir paint --help'",
                "wall brush --colour=pink|option '--colour' needs 'red', 'green' or 'blue', not 'pink'",
                "wall brush --colour|option '--colour' needs a value: 'red', 'green' or 'blue'",
                "wall brush --loud=yes|option '--loud' takes no value",
                "wall brush --count 1 --count 2|option '--count' is given twice",
                "wall brush --count=|option '--count' needs a whole number from 1 to 10, not ''",
                "wall brush --length 0|option '--length' needs a positive size in bytes, such as 4096, 64k or 1.5G, not '0'",
            })
    void saysInOneLineWhatIsWrong(String words, String message) {
        assertThatThrownBy(() -> SYNTAX.parse(List.of(words.split(" "))))
                .isInstanceOf(UsageException.class)
                .hasMessage(message);
    }

    @Test
    void anEmptyOperandIsNoOperand() {
        assertThatThrownBy(() -> SYNTAX.parse(List.of("", "brush"))).hasMessage("WALL is empty");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "11", "-1", "1.5", "x", "99999999999", "", " 3"})
    void numbersAreWholeAndInTheirRange(String value) {
        assertThatThrownBy(() -> SYNTAX.parse(List.of("wall", "brush", "--count", value)))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("from 1 to 10");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "1X", "8E", "0.3", "k", "1e3", ""})
    void sizesAreWholeBytesThatFit(String value) {
        assertThatThrownBy(() -> SYNTAX.parse(List.of("wall", "brush", "--length", value)))
                .isInstanceOf(UsageException.class);
    }
}
