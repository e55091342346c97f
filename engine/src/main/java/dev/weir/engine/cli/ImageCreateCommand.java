package dev.weir.engine.cli;

import dev.weir.engine.cli.image.CreationOptions;
import dev.weir.engine.cli.image.ImageAccess;
import dev.weir.engine.cli.image.ImageMaking;
import dev.weir.engine.cli.image.NewFile;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.image.ImageCreation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weir image create}: an empty image. */
@Command(
        name = "create",
        customSynopsis = "weir image create [OPTION]... FILE [SIZE]",
        descriptionHeading = "%n",
        description = "Makes an empty image, or an overlay of another image.",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Options of the formats, for -o:",
            "  raw    preallocation=off|falloc|full",
            "  qcow2  preallocation=off|metadata|falloc|full, cluster_size=SIZE (64k),",
            "         compat=0.10|1.1 (1.1), refcount_bits=1|2|4|8|16|32|64 (16),",
            "         lazy_refcounts=on|off, extended_l2=on|off,",
            "         compression_type=zlib|zstd, data_file=FILE, data_file_raw=on|off",
            "",
            "Names of backing and data files count from the directory of FILE.",
            "",
            "Examples:",
            "  weir image create -f qcow2 disk.qcow2 20G",
            "  weir image create -f qcow2 -b base.qcow2 -F qcow2 overlay.qcow2",
            "  weir image create -f qcow2 -o cluster_size=1M,extended_l2=on d.qcow2 1T",
            "",
            "Exit status: 0 success; 1 failure; 2 wrong usage."
        })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ImageCreateCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "FILE", index = "0", description = "The image; one that has contents is not overwritten.")
    private Path file;

    @Parameters(
            paramLabel = "SIZE",
            index = "1",
            arity = "0..1",
            description = "Bytes with an optional unit: 4096, 64k, 1.5G. Without it, the size of BACKING.")
    private @Nullable ByteSize size;

    @Option(
            names = {"-f", "--format"},
            paramLabel = "raw|qcow2",
            defaultValue = ImageAccess.RAW,
            description = "Format of the image (${DEFAULT-VALUE}).")
    private String format;

    @Option(
            names = {"-b", "--backing-file"},
            paramLabel = "BACKING",
            description = "The image that this one shows until it is written to. Needs -F.")
    private @Nullable String backing;

    @Option(
            names = {"-F", "--backing-format"},
            paramLabel = "raw|qcow2",
            description = "Format of BACKING.")
    private @Nullable String backingFormat;

    @Option(
            names = {"-u", "--unsafe"},
            description = "Do not look whether BACKING is there.")
    private boolean unsafe;

    @Option(
            names = {"-o", "--options"},
            paramLabel = "KEY=VALUE,...",
            description = "Options of the format, by QEMU's names; may be given several times.")
    private List<String> options = List.of();

    @Option(names = "--force", description = "Overwrite a file that has contents.")
    private boolean force;

    @Mixin
    private final HelpOption help = new HelpOption();

    @Spec
    private CommandSpec spec;

    ImageCreateCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        if (file.toString().isEmpty()) {
            throw usage("FILE is empty");
        }
        var given = new CreationOptions(options);
        given.put("backing_file", backing);
        given.put("backing_fmt", backingFormat);
        String backingFile = given.take("backing_file");
        String backingDriver = given.take("backing_fmt");
        String dataFile = given.take("data_file");
        PreallocMode preallocation = given.takePreallocation();
        long wanted = given.takeSize();
        if (backingFile != null && backingDriver == null) {
            throw usage("-b needs -F: the format of '" + backingFile + "' is not guessed");
        }
        var access = new ImageAccess(false, false);
        try {
            if (access.format(format).isEmpty()) {
                given.requireNone();
            }
            long bytes = size(access, size == null ? wanted : size.bytes(), backingFile, backingDriver);
            ImageCreation creation = given.creation(bytes, backingFile, backingDriver, dataFile, preallocation);
            make(access, creation, dataFile == null ? null : ImageMaking.named(file, dataFile));
            if (Terminal.isTerminal()) {
                console.out().println(TextTable.printable(file + " (" + format + ", " + new ByteSize(bytes) + ")"));
            }
        } finally {
            Outcome.of(access.close());
        }
        return 0;
    }

    private long size(ImageAccess access, long wanted, @Nullable String backingFile, @Nullable String backingDriver)
            throws Exception {
        if (backingFile == null || backingDriver == null) {
            if (wanted < 0) {
                throw usage("SIZE is missing");
            }
            return wanted;
        }
        Path path = ImageMaking.named(file, backingFile);
        requireOther(path, backingFile);
        if (unsafe && wanted >= 0) {
            return wanted;
        }
        long has = Outcome.of(ImageMaking.size(access, path, backingDriver));
        return wanted < 0 ? has : wanted;
    }

    private void requireOther(Path path, String name) throws IOException {
        if (Files.exists(path) && Files.exists(file) && Files.isSameFile(path, file)) {
            throw usage("'" + name + "' cannot be its own backing file");
        }
    }

    private void make(ImageAccess access, ImageCreation creation, @Nullable Path data) throws Exception {
        NewFile image = NewFile.at(file, force);
        NewFile dataFile = null;
        boolean made = false;
        try {
            dataFile = data == null ? null : NewFile.at(data, force);
            Outcome.of(ImageMaking.make(access, file, format, data, creation));
            made = true;
        } finally {
            if (!made) {
                image.undo();
                if (dataFile != null) {
                    dataFile.undo();
                }
            }
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
