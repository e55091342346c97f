package dev.weir.benchmarks.report;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * Everything that was measured in one run.
 *
 * @param environment where
 * @param samples in the order in which they were taken
 * @param footprints of {@link Suite#SCALING}
 * @param heap of {@link Suite#GARBAGE}
 * @param notes what was left out, and why
 */
public record Results(
        Environment environment,
        List<Sample> samples,
        List<Footprint> footprints,
        List<HeapLoad> heap,
        List<String> notes) {
    public Results {
        samples = List.copyOf(samples);
        footprints = List.copyOf(footprints);
        heap = List.copyOf(heap);
        notes = List.copyOf(notes);
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IOException where that cannot be read, or is something else
     */
    public static Results read(Path file) throws IOException {
        try {
            return mapper().readValue(file.toFile(), Results.class);
        } catch (JsonProcessingException e) {
            throw new IOException(file + " does not hold raw figures", e);
        }
    }

    /** Writes them as JSON, a line for each sample; the file is replaced at once or not at all. */
    public void write(Path file) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        mapper().writer(new LinesOfArrays()).writeValue(fresh.toFile(), this);
        Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private static ObjectMapper mapper() {
        return JsonMapper.builder().build();
    }

    /** Breaks lines between the elements of arrays and between members outside of arrays, and nowhere else. */
    private static final class LinesOfArrays extends DefaultPrettyPrinter {
        private static final long serialVersionUID = 1L;

        LinesOfArrays() {
            indentArraysWith(new DefaultIndenter("", "\n"));
            indentObjectsWith(NopIndenter.instance);
        }

        @Override
        public DefaultPrettyPrinter createInstance() {
            return new LinesOfArrays();
        }

        @Override
        public void writeObjectEntrySeparator(JsonGenerator generator) throws IOException {
            generator.writeRaw(_nesting == 0 ? ",\n" : ", ");
        }
    }
}
