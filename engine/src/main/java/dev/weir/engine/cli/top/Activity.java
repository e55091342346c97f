package dev.weir.engine.cli.top;

import dev.weir.engine.cli.client.ExportReport;
import dev.weir.engine.cli.client.OperationCounts;
import java.util.List;

/**
 * What an export did in an interval.
 *
 * @param seconds length of the interval, above 0
 * @param reads what was read in it
 * @param writes what was written in it
 * @param inFlight requests in flight at its end
 * @param pauses since the start of the export
 * @param errors since the start of the export
 */
record Activity(
        String id,
        double seconds,
        OperationCounts reads,
        OperationCounts writes,
        long inFlight,
        long pauses,
        long errors) {
    private static final String READ = "read";
    private static final String WRITE = "write";

    /** Of an export that was not there before, everything is new. */
    static Activity since(OperationCounts reads, OperationCounts writes, ExportReport now, double seconds) {
        return new Activity(
                now.id(),
                seconds,
                now.operation(READ).since(reads),
                now.operation(WRITE).since(writes),
                now.inFlight(),
                now.pauses(),
                now.total().errors());
    }

    static Activity between(ExportReport before, ExportReport now, double seconds) {
        return since(before.operation(READ), before.operation(WRITE), now, seconds);
    }

    static Activity ofNew(ExportReport now, double seconds) {
        return since(OperationCounts.NONE, OperationCounts.NONE, now, seconds);
    }

    /** Of all of them together. */
    static Activity total(String name, double seconds, List<Activity> all) {
        Activity total = new Activity(name, seconds, OperationCounts.NONE, OperationCounts.NONE, 0, 0, 0);
        for (Activity of : all) {
            total = new Activity(
                    name,
                    seconds,
                    total.reads.plus(of.reads),
                    total.writes.plus(of.writes),
                    total.inFlight + of.inFlight,
                    total.pauses + of.pauses,
                    total.errors + of.errors);
        }
        return total;
    }

    /** Requests, for the order. */
    long requests() {
        return reads.requests() + writes.requests();
    }
}
