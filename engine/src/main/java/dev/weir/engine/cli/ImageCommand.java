package dev.weir.engine.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weir image}: what can be done with images besides exporting them. */
@Command(
        name = "image",
        customSynopsis = "weir image COMMAND [OPTION]...",
        descriptionHeading = "%n",
        description = "Makes images, looks at them and changes them.",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        commandListHeading = "%nCommands:%n",
        footerHeading = "%n",
        footer = "'weir image COMMAND --help' tells the options of a command.")
final class ImageCommand implements Runnable {
    @Mixin
    private final HelpOption help = new HelpOption();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /** With all its commands. */
    static CommandLine commandLine(Console console) {
        var resize = new CommandLine(new ImageResizeCommand(console));
        // "-5G" is a size.
        resize.getCommandSpec().parser().unmatchedOptionsArePositionalParams(true);
        return new CommandLine(new ImageCommand())
                .addSubcommand(new ImageCreateCommand(console))
                .addSubcommand(new ImageInfoCommand(console))
                .addSubcommand(new ImageMapCommand(console))
                .addSubcommand(resize)
                .addSubcommand(new ImageConvertCommand(console))
                .addSubcommand(new ImageCheckCommand(console))
                .addSubcommand(ImageSnapshotCommand.commandLine(console));
    }

    /** Without a command. */
    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
