package dev.weir.storage.qcow2;

import dev.weir.testing.MemoryFile;
import dev.weir.testing.QemuImg;
import dev.weir.testing.QemuIo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * An image that {@code qemu-img} made, in memory with the files that belong to it.
 *
 * @param shape what it was made from
 * @param data the external data file
 * @param backing what lies below, as a raw image
 * @param contents what a guest sees
 */
record TestImage(
        Shape shape,
        MemoryFile image,
        @Nullable MemoryFile data,
        @Nullable MemoryFile backing,
        byte[] contents) {
    private static final Map<String, TestImage> MADE = new ConcurrentHashMap<>();

    /**
     * What an image is made from, as text: words with {@code =} are options of {@code qemu-img create}, but
     * {@code size} (in KiB), {@code backing} (the size of the backing file in KiB) and {@code open} (options of the node, joined
     * by {@code +}). The words {@code chain}, {@code filled}, {@code compressed} and {@code snapshots} say what is in it.
     */
    record Shape(String text) {
        private Map<String, String> words() {
            Map<String, String> words = new LinkedHashMap<>();
            for (String word : text.trim().split(" +", -1)) {
                int equals = word.indexOf('=');
                words.put(equals < 0 ? word : word.substring(0, equals), equals < 0 ? "" : word.substring(equals + 1));
            }
            return words;
        }

        boolean has(String word) {
            return words().containsKey(word);
        }

        String value(String word, String otherwise) {
            return words().getOrDefault(word, otherwise);
        }

        int size() {
            return Integer.parseInt(value("size", "1024")) << 10;
        }

        int clusterSize() {
            String value = value("cluster_size", "64k");
            int number = Integer.parseInt(value.replaceAll("[kM]", ""));
            return value.endsWith("M") ? number << 20 : value.endsWith("k") ? number << 10 : number;
        }

        int backing() {
            return Integer.parseInt(value("backing", "0")) << 10;
        }

        boolean lazy() {
            return value("lazy_refcounts", "off").equals("on");
        }

        boolean version2() {
            return value("compat", "1.1").equals("0.10");
        }

        /** What {@code qemu-img create} is given with {@code -o}. */
        String options() {
            List<String> options = new ArrayList<>();
            words().forEach((key, value) -> {
                if (!value.isEmpty() && !List.of("size", "backing", "open").contains(key)) {
                    options.add(key + "=" + value);
                }
            });
            return String.join(",", options);
        }
    }

    /** A new copy. Making the first one of a shape takes some processes of {@code qemu-img}. */
    static TestImage make(String shape) {
        TestImage made = MADE.computeIfAbsent(shape, text -> {
            try {
                Path dir = Files.createTempDirectory("weir-qcow2");
                try {
                    return create(new Shape(text), dir);
                } finally {
                    delete(dir);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return made.copy();
    }

    static void delete(Path dir) throws IOException {
        try (var files = Files.list(dir)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(dir);
    }

    TestImage copy() {
        return new TestImage(
                shape,
                image.copy(),
                data == null ? null : data.copy(),
                backing == null ? null : backing.copy(),
                contents);
    }

    /** The same with other files in their place. */
    TestImage with(MemoryFile newImage, @Nullable MemoryFile newData) {
        return new TestImage(shape, newImage, newData, backing, contents);
    }

    /** Puts the files where {@code qemu-img} finds them, and returns the path of the image. */
    Path saveTo(Path dir) {
        image.saveTo(dir.resolve("image.qcow2"));
        if (data != null) {
            data.saveTo(dir.resolve("data.raw"));
        }
        if (backing != null) {
            backing.saveTo(dir.resolve("base.raw"));
        }
        return dir.resolve("image.qcow2");
    }

    /** Makes it in a directory, and leaves it there: {@code image.qcow2} with what it names, {@code contents.raw}. */
    static TestImage create(Shape shape, Path dir) throws IOException {
        if (shape.has("raw")) {
            return new TestImage(shape, new MemoryFile(shape.size()), null, null, new byte[shape.size()]);
        }
        Path image = dir.resolve("image.qcow2");
        Path base = dir.resolve("base.raw");
        if (shape.backing() > 0) {
            Files.write(base, GuestOp.data(0x7abc, 0, shape.backing()));
        }
        var random = new Random(shape.text().hashCode());
        if (shape.has("chain")) {
            QemuImg.run(dir, "create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "middle.qcow2", "700k");
            fill(shape, dir.resolve("middle.qcow2"), 700 << 10, random);
        }
        if (shape.has("compressed")) {
            Path source = dir.resolve("source.raw");
            Files.write(source, compressible(random, shape.size()));
            List<String> convert = new ArrayList<>(List.of("convert", "-c", "-f", "raw", "-O", "qcow2"));
            convert.addAll(List.of("-o", shape.options(), "source.raw", "image.qcow2"));
            QemuImg.run(dir, convert.toArray(new String[0]));
        } else {
            List<String> create = new ArrayList<>(List.of("create", "-q", "-f", "qcow2"));
            if (!shape.options().isEmpty()) {
                create.addAll(List.of("-o", shape.options()));
            }
            if (shape.backing() > 0) {
                boolean chain = shape.has("chain");
                create.addAll(List.of("-b", chain ? "middle.qcow2" : "base.raw", "-F", chain ? "qcow2" : "raw"));
            }
            create.addAll(List.of("image.qcow2", String.valueOf(shape.size())));
            QemuImg.run(dir, create.toArray(new String[0]));
        }
        if (shape.has("filled") || shape.has("snapshots")) {
            fill(shape, image, shape.size(), random);
        }
        if (shape.has("snapshots")) {
            QemuImg.Answer answer = QemuImg.call(dir, "qemu-img", "snapshot", "-c", "first", "image.qcow2");
            if (answer.status() != 0) {
                throw new AssertionError(shape + ": " + answer.text());
            }
            fill(shape, image, shape.size(), random);
            QemuImg.run(dir, "snapshot", "-c", "second", "image.qcow2");
            QemuIo.run(image, "qcow2", "write -P 250 0 " + Math.min(shape.size(), shape.clusterSize()));
        }
        QemuImg.run(dir, "convert", "-f", "qcow2", "-O", "raw", "image.qcow2", "contents.raw");
        Path data = dir.resolve("data.raw");
        return new TestImage(
                shape,
                MemoryFile.of(image),
                Files.exists(data) ? MemoryFile.of(data) : null,
                shape.backing() > 0 ? MemoryFile.of(base) : null,
                Files.readAllBytes(dir.resolve("contents.raw")));
    }

    private static void fill(Shape shape, Path image, int size, Random random) {
        List<String> commands = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            int at = random.nextInt(size / 512) * 512;
            int most = Math.min(size - at, shape.clusterSize() * 2);
            int bytes = (1 + random.nextInt(most / 512)) * 512;
            String verb = i % 6 == 4 ? "write -z " : i % 6 == 5 ? "discard " : "write -P " + (i + 1) + " ";
            commands.add(verb + at + " " + bytes);
        }
        QemuIo.run(image, "qcow2", commands.toArray(new String[0]));
    }

    /** Text-like, zero and random parts. */
    static byte[] compressible(Random random, int size) {
        byte[] data = new byte[size];
        for (int at = 0; at < size; ) {
            int n = Math.min(size - at, 1 + random.nextInt(Math.max(2, size / 10)));
            int what = random.nextInt(4);
            byte[] word = new byte[what == 0 ? n : 1 + random.nextInt(300)];
            random.nextBytes(word);
            for (int i = 0; i < n && what < 3; i++) {
                data[at + i] = word[i % word.length];
            }
            at += n;
        }
        return data;
    }
}
