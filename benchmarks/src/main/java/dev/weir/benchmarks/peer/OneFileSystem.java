package dev.weir.benchmarks.peer;

import com.kenai.jffi.MemoryIO;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import jnr.ffi.Pointer;
import jnr.ffi.types.off_t;
import jnr.ffi.types.size_t;
import ru.serce.jnrfuse.ErrorCodes;
import ru.serce.jnrfuse.FuseFillDir;
import ru.serce.jnrfuse.FuseStubFS;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;

/** The classic form: a call for each operation, which blocks its thread until the channel has done it. */
final class OneFileSystem extends FuseStubFS {
    /** Name of the file. */
    static final String NAME = "image";

    private static final String PATH = "/" + NAME;

    private final FileChannel image;

    OneFileSystem(FileChannel image) {
        this.image = image;
    }

    @Override
    public int getattr(String path, FileStat stat) {
        try {
            if (path.equals(PATH)) {
                stat.st_mode.set(FileStat.S_IFREG | 0600);
                stat.st_nlink.set(1);
                stat.st_size.set(image.size());
            } else if (path.equals("/")) {
                stat.st_mode.set(FileStat.S_IFDIR | 0700);
                stat.st_nlink.set(2);
            } else {
                return -ErrorCodes.ENOENT();
            }
            stat.st_uid.set(getContext().uid.get());
            stat.st_gid.set(getContext().gid.get());
            return 0;
        } catch (IOException e) {
            return -ErrorCodes.EIO();
        }
    }

    @Override
    public int readdir(String path, Pointer buffer, FuseFillDir filler, @off_t long offset, FuseFileInfo file) {
        filler.apply(buffer, ".", null, 0);
        filler.apply(buffer, "..", null, 0);
        filler.apply(buffer, NAME, null, 0);
        return 0;
    }

    @Override
    public int open(String path, FuseFileInfo file) {
        return path.equals(PATH) ? 0 : -ErrorCodes.ENOENT();
    }

    @Override
    public int read(String path, Pointer buffer, @size_t long size, @off_t long offset, FuseFileInfo file) {
        ByteBuffer bytes = view(buffer, size);
        try {
            while (bytes.hasRemaining() && image.read(bytes, offset + bytes.position()) > 0) {
                // Until it is full or the file ends.
            }
            return bytes.position();
        } catch (IOException e) {
            return -ErrorCodes.EIO();
        }
    }

    @Override
    public int write(String path, Pointer buffer, @size_t long size, @off_t long offset, FuseFileInfo file) {
        ByteBuffer bytes = view(buffer, size);
        try {
            while (bytes.hasRemaining()) {
                image.write(bytes, offset + bytes.position());
            }
            return bytes.position();
        } catch (IOException e) {
            return -ErrorCodes.EIO();
        }
    }

    @Override
    public int fsync(String path, int dataOnly, FuseFileInfo file) {
        try {
            image.force(dataOnly == 0);
            return 0;
        } catch (IOException e) {
            return -ErrorCodes.EIO();
        }
    }

    /** The memory of libfuse itself: no copy. */
    private static ByteBuffer view(Pointer buffer, long size) {
        return MemoryIO.getInstance().newDirectByteBuffer(buffer.address(), (int) size);
    }
}
