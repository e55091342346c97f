package dev.weir.benchmarks.endtoend;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weir.benchmarks.report.Latency;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs fio.
 *
 * @param engine how it does I/O, such as {@code io_uring}
 */
record Fio(Clients clients, Places places, String engine) {
    /** What fio may take on top of its run time before it is taken for stuck. */
    private static final int GRACE_SECONDS = 30;

    private static final String PERCENTILES = "5:25:50:75:90:95:99:99.5:99.9:99.99";
    private static final int SHOWN = 400;

    /**
     * What fio tells of one run.
     *
     * @param requests answered
     * @param iops requests a second, of all jobs
     */
    record Figures(long requests, double iops, Latency latency) {}

    /** Measures for {@code seconds}. */
    Figures run(List<String> target, Cell cell, int seconds)
            throws IOException, InterruptedException, ComparisonException {
        List<String> options = new ArrayList<>(target);
        options.addAll(List.of("--time_based", "--runtime=" + seconds + "s", "--randrepeat=0", "--norandommap"));
        return run(options, cell, seconds, "");
    }

    /** Measures until {@code megabytes} are written to places from {@code offset} on, none of them twice. */
    Figures writeOnce(List<String> target, Cell cell, int offset, int megabytes, int timeoutSeconds)
            throws IOException, InterruptedException, ComparisonException {
        List<String> options = new ArrayList<>(target);
        options.addAll(List.of("--offset=" + offset + "m", "--io_size=" + megabytes + "m", "--random_generator=lfsr"));
        return run(options, cell, timeoutSeconds, " (" + megabytes + " MiB)");
    }

    private Figures run(List<String> options, Cell cell, int seconds, String remark)
            throws IOException, InterruptedException, ComparisonException {
        List<String> command = places.command(
                "fio",
                "--name=cell",
                "--direct=1",
                "--ioengine=" + engine,
                "--group_reporting",
                "--percentile_list=" + PERCENTILES,
                "--output-format=json");
        command.addAll(options);
        command.addAll(cell.arguments());
        try {
            return parse(clients.run(command, seconds + GRACE_SECONDS).text());
        } catch (ComparisonException e) {
            throw new ComparisonException("in cell " + cell + remark + ": " + e.getMessage());
        }
    }

    /**
     * Reads what {@code --output-format=json} prints, with or without warnings around it.
     *
     * @throws ComparisonException where there is no such thing in it, or an error
     */
    static Figures parse(String text) throws ComparisonException {
        String shown = text.substring(0, Math.min(SHOWN, text.length())).strip();
        int begin = text.indexOf('{');
        if (begin < 0) {
            throw new ComparisonException("fio said: " + shown);
        }
        JsonNode job;
        try {
            job = JsonMapper.builder()
                    .build()
                    .readTree(text.substring(begin))
                    .path("jobs")
                    .path(0);
        } catch (JsonProcessingException e) {
            throw new ComparisonException("fio said: " + shown);
        }
        int error = job.path("error").asInt();
        if (error != 0) {
            throw new ComparisonException("fio met I/O error " + error);
        }
        JsonNode side = job.path(job.path("read").path("total_ios").asLong() > 0 ? "read" : "write");
        long requests = side.path("total_ios").asLong();
        if (requests == 0) {
            throw new ComparisonException("fio made no request: " + shown);
        }
        return new Figures(requests, side.path("iops").asDouble(), latency(side));
    }

    private static Latency latency(JsonNode side) {
        Map<String, Double> percentiles = new LinkedHashMap<>();
        for (var entry : side.path("clat_ns").path("percentile").properties()) {
            percentiles.put(
                    entry.getKey().replaceAll("\\.?0+$", ""), entry.getValue().asDouble() / 1e3);
        }
        return new Latency(side.path("lat_ns").path("mean").asDouble() / 1e3, percentiles);
    }
}
