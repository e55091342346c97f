package dev.weir.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FuseExportOptionsTest {
    private final FuseExportOptions.Builder options = FuseExportOptions.at(Path.of("mnt"));

    @Test
    void passthroughExcludesTheKernelsCache() {
        assertThat(options.build().passthrough()).isEqualTo(Passthrough.OFF);
        options.passthrough(Passthrough.AUTO);
        assertThat(options.build().passthrough()).isEqualTo(Passthrough.AUTO);

        assertThatThrownBy(options.kernelCache(KernelCache.ON)::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("passthrough=auto and kernel-cache=on exclude each other");
        assertThatThrownBy(options.kernelCache(KernelCache.AUTO)::build)
                .hasMessage("passthrough=auto and kernel-cache=auto exclude each other");
    }

    @Test
    void passthroughOfWritersExcludesWritethrough() {
        options.writable(true).writethrough(true);
        assertThat(options.passthrough(Passthrough.AUTO).build().passthrough()).isEqualTo(Passthrough.AUTO);
        assertThatThrownBy(options.passthrough(Passthrough.ON)::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("passthrough=on and writethrough=on exclude each other");
    }
}
