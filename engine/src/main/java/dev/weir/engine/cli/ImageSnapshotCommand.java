package dev.weir.engine.cli;

import dev.weir.engine.cli.image.ImageAccess;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.image.ImageFormat;
import dev.weir.storage.image.ImageSnapshot;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import reactor.core.publisher.Mono;

/** {@code weir image snapshot}: the snapshots inside of an image that nobody uses. */
@Command(
        name = "snapshot",
        customSynopsis = "weir image snapshot COMMAND [OPTION]... FILE",
        descriptionHeading = "%n",
        description = "Takes, lists, applies and deletes the snapshots inside of an image that is not in use.",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        commandListHeading = "%nCommands:%n",
        footerHeading = "%n",
        footer = "'weir image snapshot COMMAND --help' tells the options of a command.")
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ImageSnapshotCommand implements Runnable {
    @Mixin
    private final HelpOption help = new HelpOption();

    @Spec
    private CommandSpec spec;

    /** With all its commands. */
    static CommandLine commandLine(Console console) {
        return new CommandLine(new ImageSnapshotCommand())
                .addSubcommand(new Create(console))
                .addSubcommand(new ListAll(console))
                .addSubcommand(new Apply(console))
                .addSubcommand(new Delete(console));
    }

    /** Without a command. */
    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** What is done with the file of an image. */
    private interface Action<T> {
        Mono<T> apply(ImageFormat images, BlockBackend file);
    }

    @SuppressWarnings("NullAway.Init") // picocli sets the fields
    private abstract static class OnFile implements Callable<Integer> {
        final Console console;

        @Parameters(paramLabel = "FILE", index = "0", description = "The image.")
        private Path file;

        @Option(
                names = {"-f", "--format"},
                paramLabel = "qcow2",
                description = "Format of the image. Without it, raw, which has no snapshots; one that begins like"
                        + " another format is refused.")
        private @Nullable String format;

        @Mixin
        private final HelpOption help = new HelpOption();

        OnFile(Console console) {
            this.console = console;
        }

        final <T> @Nullable T with(boolean writable, boolean forceShare, Action<T> action) throws Exception {
            var access = new ImageAccess(false, forceShare);
            try {
                String name = writable
                        ? Outcome.of(access.requireFormat(file, format))
                        : format == null ? Outcome.of(access.detect(file)) : format;
                ImageFormat images = access.format(name)
                        .orElseThrow(() -> BlockException.of(
                                BlockErrorKind.UNSUPPORTED, "Images of format '" + name + "' have no snapshots"));
                BlockBackend backend = Outcome.of(access.file(file, writable));
                return Outcome.of(action.apply(images, backend));
            } finally {
                Outcome.of(access.close());
            }
        }
    }

    @Command(
            name = "create",
            customSynopsis = "weir image snapshot create [OPTION]... FILE NAME",
            descriptionHeading = "%n",
            description = "Takes a snapshot of what the image contains now.",
            parameterListHeading = "%n",
            optionListHeading = "%nOptions:%n",
            sortOptions = false,
            footerHeading = "%n",
            footer = "Exit status: 0 success; 1 failure; 2 wrong usage.")
    @SuppressWarnings("NullAway.Init") // picocli sets the fields
    private static final class Create extends OnFile {
        @Parameters(paramLabel = "NAME", index = "1", description = "What it is to be called.")
        private String name;

        Create(Console console) {
            super(console);
        }

        @Override
        public Integer call() throws Exception {
            with(true, false, (images, file) -> images.createSnapshot(file, name));
            return 0;
        }
    }

    @Command(
            name = "list",
            customSynopsis = "weir image snapshot list [OPTION]... FILE",
            descriptionHeading = "%n",
            description = "Lists the snapshots of an image.",
            parameterListHeading = "%n",
            optionListHeading = "%nOptions:%n",
            sortOptions = false,
            footerHeading = "%n",
            footer = "Exit status: 0 success; 1 failure; 2 wrong usage.")
    private static final class ListAll extends OnFile {
        @Option(
                names = {"-U", "--force-share"},
                description = "Look at an image that is in use, too.")
        private boolean forceShare;

        ListAll(Console console) {
            super(console);
        }

        @Override
        public Integer call() throws Exception {
            List<ImageSnapshot> snapshots = with(false, forceShare, ImageFormat::snapshots);
            if (snapshots != null && !snapshots.isEmpty()) {
                var table = new TextTable("llrlr", "ID", "NAME", "VM SIZE", "DATE", "DISK SIZE");
                for (ImageSnapshot snapshot : snapshots) {
                    table.row(
                            snapshot.id(),
                            snapshot.name(),
                            new ByteSize(snapshot.vmStateSize()),
                            snapshot.date(),
                            new ByteSize(snapshot.diskSize()));
                }
                console.out().print(table);
            }
            return 0;
        }
    }

    @Command(
            name = "apply",
            customSynopsis = "weir image snapshot apply [OPTION]... FILE SNAPSHOT",
            descriptionHeading = "%n",
            description =
                    "Makes the image contain what it contained when the snapshot was taken. What it contains now is"
                            + " lost.",
            parameterListHeading = "%n",
            optionListHeading = "%nOptions:%n",
            sortOptions = false,
            footerHeading = "%n",
            footer = "Exit status: 0 success; 1 failure; 2 wrong usage.")
    @SuppressWarnings("NullAway.Init") // picocli sets the fields
    private static final class Apply extends OnFile {
        @Parameters(paramLabel = "SNAPSHOT", index = "1", description = "Its id, or else its name.")
        private String snapshot;

        Apply(Console console) {
            super(console);
        }

        @Override
        public Integer call() throws Exception {
            with(true, false, (images, file) -> images.applySnapshot(file, snapshot));
            return 0;
        }
    }

    @Command(
            name = "delete",
            customSynopsis = "weir image snapshot delete [OPTION]... FILE SNAPSHOT",
            descriptionHeading = "%n",
            description = "Removes a snapshot; what the image contains now stays.",
            parameterListHeading = "%n",
            optionListHeading = "%nOptions:%n",
            sortOptions = false,
            footerHeading = "%n",
            footer = "Exit status: 0 success; 1 failure; 2 wrong usage.")
    @SuppressWarnings("NullAway.Init") // picocli sets the fields
    private static final class Delete extends OnFile {
        @Parameters(paramLabel = "SNAPSHOT", index = "1", description = "Its id, or else its name.")
        private String snapshot;

        Delete(Console console) {
            super(console);
        }

        @Override
        public Integer call() throws Exception {
            with(true, false, (images, file) -> images.deleteSnapshot(file, snapshot));
            return 0;
        }
    }
}
