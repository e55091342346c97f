package dev.weir.storage.file;

import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weir.storage.BlockDriverContract;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.graph.BlockGraph;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import reactor.core.publisher.Mono;

/** The contract, on each kind of file system and of opening. */
class FileDriverTest {
    abstract static class OnAFile extends BlockDriverContract {
        private final Path parent;
        private Path path = Path.of("/");

        OnAFile(String parent) {
            this.parent = Path.of(parent);
        }

        @Override
        protected Mono<BlockNode> open(BlockGraph graph, int length) throws IOException {
            assumeThat(parent).isDirectory();
            assumeThat(Files.getFileStore(parent).type()).as("file system").matches(this::suits);
            path = Files.createTempFile(parent, "weir-file-driver", ".img");
            try (var file = new RandomAccessFile(path.toFile(), "rw")) {
                file.setLength(length);
            }
            return graph.add(options(NodeOptions.driver("file")
                            .set("filename", path.toString())
                            .set("discard", "unmap"))
                    .build());
        }

        boolean suits(String fileSystem) {
            return true;
        }

        NodeOptions.Builder options(NodeOptions.Builder options) {
            return options;
        }

        @AfterEach
        void delete() throws IOException {
            Files.deleteIfExists(path);
        }
    }

    @Nested
    class Buffered extends OnAFile {
        Buffered() {
            super(System.getProperty("java.io.tmpdir"));
        }
    }

    @Nested
    class Direct extends OnAFile {
        Direct() {
            super(System.getProperty("java.io.tmpdir"));
        }

        @Override
        boolean suits(String fileSystem) {
            return Set.of("ext4", "xfs", "btrfs").contains(fileSystem);
        }

        @Override
        NodeOptions.Builder options(NodeOptions.Builder options) {
            return options.set("cache.direct", true);
        }
    }

    @Nested
    class OnTmpfs extends OnAFile {
        OnTmpfs() {
            super("/dev/shm");
        }

        @Override
        boolean suits(String fileSystem) {
            return fileSystem.equals("tmpfs");
        }
    }
}
