package dev.weir.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeOptionsTest {
    @Test
    void nestsKeysWithDots() {
        NodeOptions options = NodeOptions.parse("driver=raw,file.driver=file,file.filename=disk.img,file.a.b=1");
        assertThat(options.values()).containsOnlyKeys("driver", "file").containsEntry("driver", "raw");
        NodeOptions file = (NodeOptions) options.values().get("file");
        assertThat(file.values()).containsEntry("driver", "file").containsEntry("filename", "disk.img");
        assertThat(((NodeOptions) file.values().get("a")).values()).isEqualTo(Map.of("b", "1"));
    }

    @Test
    void takesAFirstWordForTheDriver() {
        assertThat(NodeOptions.parse("null-co,size=1M").values()).isEqualTo(Map.of("driver", "null-co", "size", "1M"));
        assertThat(NodeOptions.parse("raw").values()).isEqualTo(Map.of("driver", "raw"));
    }

    @Test
    void twoCommasAreOne() {
        assertThat(NodeOptions.parse("file,filename=a,,b,,,x=1").values())
                .isEqualTo(Map.of("driver", "file", "filename", "a,b,", "x", "1"));
    }

    @Test
    void keepsEqualsSignsOfValuesAndTheLastOfTwoValues() {
        assertThat(NodeOptions.parse("a=b=c,a=,").values()).isEqualTo(Map.of("a", ""));
        assertThat(NodeOptions.parse("").values()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "\"raw,offset\",Expected '=' after parameter 'offset'",
                "\"raw,,x,y\",Expected '=' after parameter 'y'",
                "\"=1\",Invalid parameter ''",
                "\"raw,,=1,=2\",Invalid parameter ''",
                "\"a..b=1\",Invalid parameter 'a..b'",
                "\"%=1\",Invalid parameter '%'",
                "\"a=1,a.b=2\",Parameters 'a.*' used inconsistently",
                "\"a.b=1,a=2\",Parameters 'a.*' used inconsistently",
            })
    void refuses(String text, String message) {
        assertThatThrownBy(() -> NodeOptions.parse(text))
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(BlockErrorKind.INVALID))
                .hasMessage(message);
    }
}
