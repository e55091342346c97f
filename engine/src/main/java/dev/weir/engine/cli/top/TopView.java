package dev.weir.engine.cli.top;

import dev.weir.engine.cli.client.Latencies;
import dev.weir.engine.cli.client.OperationCounts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The lines that {@code weir top} shows, and what of them, where there are too many. */
public final class TopView {
    /** What exports are sorted by. */
    public enum Order {
        ACTIVITY(Comparator.comparingLong(Activity::requests)
                .thenComparingLong(Activity::inFlight)
                .reversed()
                .thenComparing(Activity::id)),
        ID(Comparator.comparing(Activity::id));

        private final Comparator<Activity> comparator;

        Order(Comparator<Activity> comparator) {
            this.comparator = comparator;
        }

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }

        Order other() {
            return this == ACTIVITY ? ID : ACTIVITY;
        }
    }

    private static final double NANOS_PER_MICRO = 1e3;
    private static final double BYTES_PER_MB = 1e6;

    /** All columns but the first. */
    private static final String HEADS = "     IOPS r/w     MB/s r/w  mean us r/w   p50   p99  infl pause   err";

    /** Everything but rows of exports: title, heads and totals. */
    private static final int FRAME = 3;

    private static final int ID_MIN = 8;

    private final Path socket;
    private Order order;
    private int first;
    private int page = 1;
    private List<Activity> activities = List.of();

    /** @param socket stands in the title */
    public TopView(Path socket, Order order) {
        this.socket = socket;
        this.order = order;
    }

    /** Shows from now on what happened since the meter was read before. */
    void update(List<Activity> latest) {
        activities = latest;
    }

    /** Turns to what a key asks for. */
    void press(Key key) {
        switch (key) {
            case UP -> first--;
            case DOWN -> first++;
            case PAGE_UP -> first -= page;
            case PAGE_DOWN -> first += page;
            case HOME -> first = 0;
            case END -> first = activities.size();
            case SORT -> {
                order = order.other();
                first = 0;
            }
            case QUIT -> {}
        }
    }

    /** What fits in a window. */
    List<String> screen(Window window) {
        page = Math.max(1, window.rows() - FRAME);
        first = Math.max(0, Math.min(first, activities.size() - page));
        int last = Math.min(activities.size(), first + page);
        List<String> lines = new ArrayList<>();
        lines.add(title(first, last));
        lines.addAll(table(window.columns(), first, last));
        return lines.stream()
                .limit(window.rows())
                .map(line -> line.substring(0, Math.min(line.length(), window.columns())))
                .toList();
    }

    /** All of it, without a title. */
    List<String> snapshot() {
        int idWidth = activities.stream().mapToInt(of -> of.id().length()).max().orElse(0);
        return table(Math.max(Window.STANDARD.columns(), HEADS.length() + idWidth), 0, activities.size());
    }

    private String title(int from, int to) {
        int all = activities.size();
        String what = all == 1 ? "1 export" : all + " exports";
        if (to - from < all) {
            what += ", " + (from + 1) + " to " + to + " (arrows)";
        }
        String name = socket.toString().replaceAll("\\p{Cntrl}", "?");
        return "weir top: " + what + ", by " + order + " (s), q quits - " + name;
    }

    private List<String> table(int columns, int from, int to) {
        int idWidth = Math.max(ID_MIN, columns - HEADS.length());
        List<String> lines = new ArrayList<>();
        lines.add(cell("ID", idWidth) + HEADS);
        activities.stream()
                .sorted(order.comparator)
                .skip(from)
                .limit(to - from)
                .forEach(of -> lines.add(row(of, idWidth)));
        double seconds = activities.isEmpty() ? 1 : activities.get(0).seconds();
        lines.add(row(Activity.total("TOTAL", seconds, activities), idWidth));
        return lines;
    }

    private static String row(Activity of, int idWidth) {
        OperationCounts reads = of.reads();
        OperationCounts writes = of.writes();
        Latencies both = reads.latencies().plus(writes.latencies());
        var line = new StringBuilder(cell(of.id(), idWidth));
        pair(line, Digits.of(reads.requests() / of.seconds()), Digits.of(writes.requests() / of.seconds()));
        pair(line, megabytes(reads, of.seconds()), megabytes(writes, of.seconds()));
        pair(line, mean(reads), mean(writes));
        for (double share : new double[] {0.5, 0.99}) {
            single(line, both.count() == 0 ? "-" : Digits.of(both.percentile(share) / NANOS_PER_MICRO));
        }
        single(line, Digits.of((double) of.inFlight()));
        single(line, Digits.of((double) of.pauses()));
        single(line, Digits.of((double) of.errors()));
        return line.toString();
    }

    private static String megabytes(OperationCounts operation, double seconds) {
        return Digits.of(operation.bytes() / seconds / BYTES_PER_MB);
    }

    private static String mean(OperationCounts operation) {
        return operation.requests() == 0
                ? "-"
                : Digits.of((double) operation.nanos() / operation.requests() / NANOS_PER_MICRO);
    }

    private static void pair(StringBuilder line, String read, String write) {
        line.append("  ").append(right(read, 5)).append(' ').append(right(write, 5));
    }

    private static void single(StringBuilder line, String number) {
        line.append(right(number, 6));
    }

    private static String right(String text, int width) {
        return " ".repeat(Math.max(0, width - text.length())) + text;
    }

    /** Long names keep their beginning, and say that there is more. */
    private static String cell(String text, int width) {
        return text.length() > width ? text.substring(0, width - 1) + "+" : text + " ".repeat(width - text.length());
    }
}
