package dev.weir.storage.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.NodeOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Declarations such as a format with a backing image has. */
class OptionSchemaTest {
    private enum Overlap {
        NONE,
        CONSTANT,
        ALL_OF_IT
    }

    private static final Option<NodeOptions> FILE = Option.requiredChild("file");
    private static final Option<java.util.Optional<NodeOptions>> BACKING = Option.childOrNull("backing");
    private static final Option<java.util.Optional<NodeOptions>> DATA_FILE = Option.child("data-file");
    private static final Option<Boolean> LAZY = Option.flag("lazy-refcounts", false);
    private static final Option<Overlap> OVERLAP = Option.choice("overlap-check", Overlap.class, Overlap.CONSTANT);
    private static final Option<OptionalLong> CACHE_SIZE = Option.bytes("cache-size");
    private static final Option<Long> INTERVAL = Option.integer("cache-clean-interval", 600);
    private static final Option<String> KEY = Option.requiredString("key");
    private static final Option<OptionReader> ENCRYPT = Option.group("encrypt", OptionSchema.of(KEY));
    private static final Option<List<String>> NAMES = Option.strings("names");
    private static final OptionSchema SCHEMA =
            OptionSchema.of(FILE, BACKING, DATA_FILE, LAZY, OVERLAP, CACHE_SIZE, INTERVAL, ENCRYPT, NAMES);

    private static OptionReader read(NodeOptions options) {
        return new OptionReader(options, SCHEMA);
    }

    private static NodeOptions.Builder json() {
        return NodeOptions.builder().typed();
    }

    @Test
    void readsWhatItDeclares() {
        var reader = read(NodeOptions.parse("file=f,backing.driver=null-co,lazy-refcounts=on,overlap-check=all-of-it,"
                + "cache-size=1M,encrypt.key=sec0,names.0=a,names.1=b"));
        assertThat(reader.get(FILE).isReference()).isTrue();
        assertThat(reader.get(BACKING).orElseThrow().values()).containsEntry("driver", "null-co");
        assertThat(reader.get(DATA_FILE)).isEmpty();
        assertThat(reader.get(LAZY)).isTrue();
        assertThat(reader.get(OVERLAP)).isEqualTo(Overlap.ALL_OF_IT);
        assertThat(reader.get(CACHE_SIZE)).hasValue(1 << 20);
        assertThat(reader.get(INTERVAL)).isEqualTo(600);
        assertThat(reader.get(ENCRYPT).get(KEY)).isEqualTo("sec0");
        assertThat(reader.get(NAMES)).containsExactly("a", "b");
        reader.end();
    }

    @Test
    void aChildMayBeExplicitlyNone() {
        for (NodeOptions options : List.of(
                json().set("file", "f").set("backing", NodeOptions.NULL).build(),
                NodeOptions.parse("file=f,backing="))) {
            assertThat(read(options).get(BACKING).orElseThrow().isNull()).isTrue();
        }
        assertThat(read(NodeOptions.parse("file=f")).get(BACKING)).isEmpty();
    }

    @Test
    void tellsWhatItDeclares() {
        assertThat(SCHEMA.options()).extracting(Option::name).startsWith("file", "backing", "data-file");
        assertThat(FILE.required()).isTrue();
        assertThat(OVERLAP.values()).containsExactly("none", "constant", "all-of-it");
        assertThat(OVERLAP.absent()).contains("constant");
        assertThat(INTERVAL.absent()).contains(600L);
        assertThat(CACHE_SIZE.absent()).isEmpty();
        assertThat(ENCRYPT.members().options()).extracting(Option::name).containsExactly("key");
    }

    @Test
    void whatIsNotDeclaredCannotBeRead() {
        var reader = read(NodeOptions.parse("file=f,other=1"));
        assertThatThrownBy(() -> reader.string("other", null)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> reader.has("other")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> reader.bytes("other")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> reader.get(ENCRYPT).string("other")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aNameIsDeclaredOnce() {
        assertThatThrownBy(() -> OptionSchema.of(FILE).and(OptionSchema.of(Option.flag("file", true))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'file'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "cache-size=x,bogus=1 | Parameter 'file' is missing",
                "file=f,bogus=1,overlap-check=x,lazy-refcounts=5 | Parameter 'lazy-refcounts' expects 'on' or 'off'",
                "file=f,bogus=1,overlap-check=x | Parameter 'overlap-check' does not accept value 'x'",
                "file=f,bogus=1,encrypt.key.a=x | Invalid parameter type for 'encrypt.key', expected: string",
                "file=f,bogus=1,encrypt.foo=x | Parameter 'encrypt.key' is missing",
                "file=f,encrypt.foo=x,encrypt.key=y | Parameter 'encrypt.foo' is unexpected",
                "file=f,bogus=1 | Parameter 'bogus' is unexpected",
            })
    void checksInTheOrderOfTheDeclarations(String options, String message) {
        var group = NodeOptions.parse(options);
        assertThatThrownBy(() -> checked(group)).hasMessage(message);
    }

    @Test
    void nullIsRefusedByWhateverCannotBeNull() {
        assertRefused("file", "BlockdevRef");
        assertRefused("data-file", "BlockdevRef");
        assertRefused("lazy-refcounts", "boolean");
        assertRefused("overlap-check", "string");
        assertRefused("cache-size", "integer");
        assertRefused("cache-clean-interval", "integer");
        assertRefused("encrypt", "object");
        assertRefused("names", "array");
    }

    private static void assertRefused(String key, String expected) {
        NodeOptions options = json().set("file", "f").set(key, NodeOptions.NULL).build();
        assertThatThrownBy(() -> checked(options))
                .hasMessage("Invalid parameter type for '" + key + "', expected: " + expected);
    }

    @Test
    void aListIsNoObjectAndTheOtherWayRound() {
        NodeOptions list = json().list().set("0", 5).build();
        assertThatThrownBy(() -> checked(json().set("file", list).build()))
                .hasMessage("Invalid parameter type for 'file', expected: BlockdevRef");
        assertThatThrownBy(
                        () -> checked(json().set("file", "f").set("names", list).build()))
                .hasMessage("Invalid parameter type for 'names[0]', expected: string");
        assertThatThrownBy(() -> checked(
                        json().set("file", "f").set("names", json().build()).build()))
                .hasMessage("Invalid parameter type for 'names', expected: array");
    }

    @Test
    void showsTheChildrenThatAreDescribedInPlace() {
        assertThat(checked(NodeOptions.parse("file=f,backing.driver=raw,data-file.driver=file")))
                .extracting(child -> child.values().get("driver"))
                .containsExactly("raw", "file");
        assertThat(checked(NodeOptions.parse("file=f,backing="))).isEmpty();
    }

    private static List<NodeOptions> checked(NodeOptions options) {
        var children = new ArrayList<NodeOptions>();
        SCHEMA.check(options, children::add);
        return children;
    }
}
