package dev.weir.storage.file;

import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockDriverContract;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.testing.AioLoop;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import reactor.core.publisher.Mono;

/** The contract, on each kind of file system and of opening. */
class FileDriverTest {
    abstract static class OnAFile extends BlockDriverContract {
        private final Path parent;
        private Path path = Path.of("/");

        /** With {@code aio=io_uring}, from an event loop. */
        boolean onARing;

        private @Nullable AioLoop loop;

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
            return onARing ? options.set("aio", "io_uring") : options;
        }

        @Override
        protected BlockBackend used(BlockBackend attached) {
            if (!onARing) {
                return attached;
            }
            loop = new AioLoop();
            return loop.on(attached);
        }

        @AfterEach
        void delete() throws IOException {
            if (loop != null) {
                loop.close();
            }
            Files.deleteIfExists(path);
        }
    }

    abstract static class OnTheDisk extends OnAFile {
        OnTheDisk() {
            super(System.getProperty("java.io.tmpdir"));
        }
    }

    abstract static class OnTheDiskDirectly extends OnTheDisk {
        @Override
        boolean suits(String fileSystem) {
            return Set.of("ext4", "xfs", "btrfs").contains(fileSystem);
        }

        @Override
        NodeOptions.Builder options(NodeOptions.Builder options) {
            return super.options(options).set("cache.direct", true);
        }
    }

    abstract static class InMemory extends OnAFile {
        InMemory() {
            super("/dev/shm");
        }

        @Override
        boolean suits(String fileSystem) {
            return fileSystem.equals("tmpfs");
        }
    }

    @Nested
    class Buffered extends OnTheDisk {}

    @Nested
    class Direct extends OnTheDiskDirectly {}

    @Nested
    class OnTmpfs extends InMemory {}

    @Nested
    class BufferedOnARing extends OnTheDisk {
        BufferedOnARing() {
            onARing = true;
        }
    }

    @Nested
    class DirectOnARing extends OnTheDiskDirectly {
        DirectOnARing() {
            onARing = true;
        }
    }

    @Nested
    class OnTmpfsOnARing extends InMemory {
        OnTmpfsOnARing() {
            onARing = true;
        }
    }
}
