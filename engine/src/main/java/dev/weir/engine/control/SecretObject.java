package dev.weir.engine.control;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** {@code secret}: a password or a key, from a file or from the options. It can be used, and never be read back. */
final class SecretObject implements UserObject {
    private static final long LARGEST = 1 << 20;

    private enum Format {
        RAW,
        BASE64
    }

    private static final Option<Format> FORMAT = Option.choice("format", Format.class, Format.RAW);
    private static final Option<Optional<String>> DATA = Option.string("data");
    private static final Option<Optional<String>> FILE = Option.string("file");
    private static final Option<Optional<String>> KEYID = Option.string("keyid");
    private static final Option<Optional<String>> IV = Option.string("iv");

    /** What {@link #create} reads. */
    static final OptionSchema OPTIONS = OptionSchema.of(FORMAT, KEYID, IV, DATA, FILE);

    private final byte[] secret;

    private SecretObject(byte[] secret) {
        this.secret = secret;
    }

    /** Reads the file, if there is one: blocks. */
    static UserObject create(OptionReader options) {
        String data = options.get(DATA).orElse(null);
        String file = options.get(FILE).orElse(null);
        Format format = options.get(FORMAT);
        if (options.get(KEYID).isPresent() || options.get(IV).isPresent()) {
            throw invalid("Encrypted secrets ('keyid', 'iv') are not supported");
        }
        byte[] bytes = bytes(data, file);
        return new SecretObject(format == Format.BASE64 ? decode(bytes) : bytes);
    }

    private static byte[] bytes(@Nullable String data, @Nullable String file) {
        if (data != null && file != null) {
            throw invalid("'file' and 'data' are mutually exclusive");
        }
        if (data != null) {
            return data.getBytes(StandardCharsets.UTF_8);
        }
        if (file == null) {
            throw invalid("Either 'file' or 'data' must be provided");
        }
        try {
            Path path = Path.of(file);
            if (Files.size(path) > LARGEST) {
                throw invalid("Unable to read " + file + ": more than " + LARGEST + " bytes");
            }
            return Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            throw invalid("Unable to read " + file + ": No such file or directory");
        } catch (IOException | IllegalArgumentException e) {
            throw BlockException.of(BlockErrorKind.INVALID, "Unable to read " + file + ": " + e.getMessage(), e);
        }
    }

    /** Lines may end wherever they like. */
    private static byte[] decode(byte[] text) {
        String base64 = new String(text, StandardCharsets.ISO_8859_1).replaceAll("[\\r\\n]", "");
        if (!base64.matches("[A-Za-z0-9+/=]*")) {
            throw invalid("Base64 data contains invalid characters");
        }
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw BlockException.of(BlockErrorKind.INVALID, "Base64 data is not valid: " + e.getMessage(), e);
        }
    }

    /** What it holds. */
    byte[] secret() {
        return secret.clone();
    }

    @Override
    public String type() {
        return "secret";
    }

    @Override
    public Map<String, Object> properties() {
        return Map.of("type", type());
    }

    @Override
    public void set(String property, OptionReader value) {
        throw invalid("Property 'secret." + property + "' is not writable");
    }

    @Override
    public Mono<Void> delete() {
        return Mono.empty();
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
