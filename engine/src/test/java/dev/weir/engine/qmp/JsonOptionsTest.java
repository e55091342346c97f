package dev.weir.engine.qmp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.OptionReader;
import org.junit.jupiter.api.Test;

class JsonOptionsTest {
    @Test
    void valuesKeepTheirTypes() {
        var options = JsonOptions.parse(
                "{'s':'on','b':true,'n':9223372036854775807,'list':['x','y'],'group':{'a':'b'}}", "driver");
        var reader = new OptionReader(options);
        assertThat(reader.string("s")).isEqualTo("on");
        assertThat(reader.flag("b", false)).isTrue();
        assertThat(reader.integer("n")).hasValue(Long.MAX_VALUE);
        assertThat(reader.strings("list")).containsExactly("x", "y");
        assertThat(reader.group("group").string("a")).isEqualTo("b");
        reader.end();
    }

    @Test
    void aTextIsNoNumberAndNoBoolean() {
        var reader = new OptionReader(JsonOptions.parse("{'a':'5','b':'on','c':5,'d':{'e':1}}", "driver"));
        assertThatThrownBy(() -> reader.integer("a")).hasMessage("Invalid parameter type for 'a', expected: integer");
        assertThatThrownBy(() -> reader.flag("b", false))
                .hasMessage("Invalid parameter type for 'b', expected: boolean");
        assertThatThrownBy(() -> reader.string("c")).hasMessage("Invalid parameter type for 'c', expected: string");
        assertThatThrownBy(() -> reader.group("d").string("e"))
                .hasMessage("Invalid parameter type for 'd.e', expected: string");
    }

    @Test
    void whatNoOptionCanBeIsRefusedByWhateverItIsGivenTo() {
        for (String value : new String[] {"null", "1.5", "1e3", "123456789012345678901234567890", "[null]", "[]"}) {
            var reader = new OptionReader(JsonOptions.parse("{'a':V,'b':V,'c':V,'d':V}".replace("V", value), "driver"));
            assertThatThrownBy(() -> reader.string("a"))
                    .as(value)
                    .hasMessage("Invalid parameter type for 'a', expected: string");
            assertThatThrownBy(() -> reader.flag("b", false))
                    .hasMessage("Invalid parameter type for 'b', expected: boolean");
            assertThatThrownBy(() -> reader.integer("c"))
                    .hasMessage("Invalid parameter type for 'c', expected: integer");
            assertThatThrownBy(() -> reader.child("d"))
                    .hasMessage("Invalid parameter type for 'd', expected: BlockdevRef");
        }
    }

    @Test
    void textThatDoesNotBeginWithABraceIsKeysAndValues() {
        NodeOptions options = JsonOptions.parse("null-co,size=5,a.b=,,c", "driver");
        assertThat(options.values()).containsEntry("driver", "null-co").containsEntry("size", "5");
        assertThat(options.typed()).isFalse();
    }

    @Test
    void malformedTextIsTold() {
        assertThatThrownBy(() -> JsonOptions.parse("{\"a\" 1}", "driver"))
                .hasMessage("1:6: JSON parse error, expecting ':'");
        assertThatThrownBy(() -> JsonOptions.parse("{'a':1,'a':2}", "driver"))
                .hasMessageEndingWith("JSON parse error, duplicate key");
        assertThatThrownBy(() -> JsonOptions.parse("{} {}", "driver")).hasMessageContaining("JSON parse error, ");
    }
}
