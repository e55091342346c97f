package dev.weir.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code qemu-io}: another implementation that reads and writes images. */
public final class QemuIo {
    private QemuIo() {}

    /**
     * Runs commands such as {@code write -P 1 0 64k} on an image, and fails where one does.
     *
     * @param format such as {@code qcow2}
     */
    public static String run(Path image, String format, String... commands) {
        List<String> arguments = new ArrayList<>(List.of("-f", format, "-d", "unmap"));
        for (String command : commands) {
            arguments.add("-c");
            arguments.add(command);
        }
        arguments.add(image.getFileName().toString());
        QemuImg.Answer answer =
                QemuImg.call(image.toAbsolutePath().getParent(), "qemu-io", arguments.toArray(new String[0]));
        boolean failed = answer.status() != 0
                || answer.text().contains("failed")
                || answer.text().contains("error");
        if (failed) {
            throw new AssertionError("qemu-io " + String.join(" ", arguments) + ": " + answer.text());
        }
        return answer.text();
    }
}
