package dev.weir.engine.cli.top;

import dev.weir.engine.cli.client.ExportReport;
import dev.weir.engine.cli.client.QmpClient;
import dev.weir.engine.cli.client.QmpClientException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Looks at the counters of a daemon again and again. */
public final class Meter {
    private final QmpClient daemon;
    private final Map<String, ExportReport> before = new HashMap<>();
    private long nanos;

    /** Takes the first look, without which there is no interval. */
    public Meter(QmpClient daemon) throws QmpClientException {
        this.daemon = daemon;
        next();
    }

    /** What each export did since the look before, the oldest first. */
    List<Activity> next() throws QmpClientException {
        List<ExportReport> reports = ExportReport.all(daemon);
        long now = System.nanoTime();
        double seconds = Math.max(1, now - nanos) / 1e9;
        List<Activity> activities = new ArrayList<>();
        for (ExportReport report : reports) {
            ExportReport earlier = before.get(report.id());
            activities.add(
                    earlier == null ? Activity.ofNew(report, seconds) : Activity.between(earlier, report, seconds));
        }
        before.clear();
        reports.forEach(report -> before.put(report.id(), report));
        nanos = now;
        return activities;
    }
}
