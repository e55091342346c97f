package dev.weir.testing;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.spi.BlockDevice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Makes requests of one or more devices fail, counted over all of them. A request that fails changes nothing. */
public final class FaultyDevice {
    private final List<String> requests = new ArrayList<>();
    private int failing = Integer.MAX_VALUE;
    private boolean sticky;
    private @Nullable BlockErrorKind kind;
    private int failed;

    /**
     * From now on.
     *
     * @param number of the request that fails, counting all that come from now on, from 0
     * @param sticky whether all later ones fail too
     */
    public synchronized void fail(int number, BlockErrorKind kind, boolean sticky) {
        requests.clear();
        failing = number;
        this.kind = kind;
        this.sticky = sticky;
    }

    /** From now on nothing fails. */
    public synchronized void heal() {
        failing = Integer.MAX_VALUE;
    }

    /** How many requests failed so far. */
    public synchronized int failed() {
        return failed;
    }

    /** The requests that came since {@link #fail}. */
    public synchronized List<String> requests() {
        return List.copyOf(requests);
    }

    public BlockDevice around(BlockDevice below) {
        return new DeviceFilter(below) {
            @Override
            protected Mono<Void> pass(Request request, Mono<Void> operation) {
                BlockErrorKind kind = judge(request);
                return kind == null ? operation : Mono.error(BlockException.of(kind, "as the test wants it"));
            }
        };
    }

    private synchronized @Nullable BlockErrorKind judge(DeviceFilter.Request request) {
        int number = requests.size();
        requests.add(request.toString());
        if (number == failing || sticky && number > failing) {
            failed++;
            return kind;
        }
        return null;
    }
}
