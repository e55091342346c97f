package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.cli.image.ImageAccess;
import dev.weir.engine.cli.image.ImageChain;
import dev.weir.engine.cli.image.ImageMaking;
import dev.weir.engine.cli.image.ImageReport;
import dev.weir.engine.cli.image.NewFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.image.ImageCreation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Opens the image of an export, with what lies below it and what is laid over it. */
final class ExportedImage {
    private static final String QCOW2 = "qcow2";

    private final BlockEngine engine;
    private final ImageOptions options;
    private final OverlayOptions overlays;
    private final ImageChain chain;

    ExportedImage(BlockEngine engine, ImageOptions options, OverlayOptions overlays) {
        this.engine = engine;
        this.options = options;
        this.overlays = overlays;
        this.chain = new ImageChain(engine.graph(), overlays.follow(), file -> options.file(file.toString()));
    }

    /**
     * The node to be exported. Blocks.
     *
     * @param node the image alone, as it was described
     */
    BlockNode open(Path image, NodeOptions node) throws Exception {
        if (overlays.overlays()) {
            return openOverlay(image);
        }
        if (options.format().equals(ImageAccess.RAW) || !ImageOptions.isFile(image.toString())) {
            BlockNode raw = Outcome.of(engine.addNode(node));
            requireRaw(image, raw);
            return raw;
        }
        NodeOptions.Builder described = Outcome.of(chain.describe(image, options.format()));
        return Outcome.of(
                engine.addNode(options.common(described, options.writable()).build()));
    }

    /** One that begins like an image is hardly meant to be shown as the bytes that it has. */
    private void requireRaw(Path image, BlockNode node) throws Exception {
        if (options.formatNamed() || !ImageOptions.isFile(image.toString())) {
            return;
        }
        // What cannot be read is for the clients to find out.
        String found = Outcome.of(ImageAccess.detect(node).onErrorReturn(ImageAccess.RAW));
        if (engine.graph().imageFormat(found).isPresent()) {
            throw invalid("'" + image + "' begins like a " + found + " image; name its format: --format=" + found
                    + " where you know that it is one, or else --format=raw");
        }
    }

    private BlockNode openOverlay(Path image) throws Exception {
        NodeOptions.Builder base =
                Outcome.of(chain.describe(image, options.format())).set("read-only", true);
        if (!options.formatNamed()) {
            BlockNode raw = Outcome.of(engine.addNode(base.build()));
            requireRaw(image, raw);
            Outcome.of(engine.graph().remove(raw.nodeName()));
        }
        @Nullable Path named = overlays.overlay();
        Path overlay = named == null ? Files.createTempFile(temporaryDirectory(), "weir-", ".qcow2") : named;
        try {
            prepare(image, overlay);
            NodeOptions.Builder node = NodeOptions.driver(QCOW2)
                    .set("file", options.file(overlay.toString()))
                    .set("backing", base.build());
            return Outcome.of(engine.addNode(options.common(node, true).build()));
        } finally {
            if (named == null) {
                // It is open, and goes with the process, however that ends.
                Files.deleteIfExists(overlay);
            }
        }
    }

    private static Path temporaryDirectory() {
        return Path.of(Objects.requireNonNullElse(System.getenv("TMPDIR"), "/var/tmp"));
    }

    /** Creates the overlay, or looks whether the one that is there is the image's. */
    private void prepare(Path image, Path overlay) throws Exception {
        var access = new ImageAccess(false, true);
        try {
            if (Files.exists(overlay) && !(Files.isRegularFile(overlay) && Files.size(overlay) == 0)) {
                requireOverlayOf(image, overlay, Outcome.of(ImageReport.of(access, overlay, QCOW2)));
                return;
            }
            NewFile file = NewFile.at(overlay, false);
            boolean made = false;
            try {
                long size = Outcome.of(ImageMaking.size(access, image, options.format()));
                String name = image.toRealPath().toString();
                Outcome.of(ImageMaking.make(
                        access,
                        overlay,
                        QCOW2,
                        null,
                        new ImageCreation(size, name, options.format(), null, PreallocMode.OFF, Map.of())));
                made = true;
            } finally {
                if (!made) {
                    file.undo();
                }
            }
        } finally {
            Outcome.of(access.close());
        }
    }

    private void requireOverlayOf(Path image, Path overlay, ImageReport report) throws IOException {
        String backing = report.info().backingFile();
        if (backing == null) {
            throw invalid("'" + overlay + "' is no overlay: it names no backing file");
        }
        Path below = ImageMaking.named(overlay, backing);
        if (!Files.exists(below)
                || !Files.isSameFile(below, image)
                || !options.format().equals(report.info().backingFormat())) {
            throw invalid("'" + overlay + "' is an overlay of '" + backing + "' ("
                    + report.info().backingFormat() + "), not of '" + image + "' (" + options.format() + ")");
        }
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
