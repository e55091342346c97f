package dev.weir.benchmarks.endtoend;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The results as a Markdown table: IOPS and mean latency of each server, and the first one's ratio to each of the others. */
final class ResultTable {
    private final List<String> servers;

    /** @param servers the first one is who is compared with the others */
    ResultTable(List<String> servers) {
        this.servers = List.copyOf(servers);
    }

    String head() {
        var names = new StringBuilder("| cell |");
        var rule = new StringBuilder("|---|");
        for (String server : servers) {
            names.append(' ').append(server).append(" IOPS (mean us) |");
            rule.append("---:|");
        }
        for (String peer : servers.subList(1, servers.size())) {
            names.append(" ratio to ").append(peer).append(" [min..max] |");
            rule.append("---:|");
        }
        return names + System.lineSeparator() + rule;
    }

    /** @param results of each server, one a round */
    String row(Cell cell, Map<String, List<Measurement>> results) {
        var row = new StringBuilder("| ").append(cell).append(" |");
        for (String server : servers) {
            List<Measurement> of = results.getOrDefault(server, List.of());
            row.append(format(
                    " %.0f (%.0f) |",
                    Measurement.median(of, Measurement::iops), Measurement.median(of, Measurement::meanMicros)));
        }
        List<Measurement> own = results.getOrDefault(servers.get(0), List.of());
        for (String peer : servers.subList(1, servers.size())) {
            double[] ratios = ratios(own, results.getOrDefault(peer, List.of()));
            Arrays.sort(ratios);
            row.append(
                    format(" %.2f [%.2f..%.2f] |", Measurement.median(ratios), ratios[0], ratios[ratios.length - 1]));
        }
        return row.toString();
    }

    private static double[] ratios(List<Measurement> own, List<Measurement> others) {
        double[] ratios = new double[own.size()];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = own.get(i).iops() / others.get(i).iops();
        }
        return ratios;
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
