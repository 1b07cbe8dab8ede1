package io.pgweir.proxy.http;

import io.pgweir.proxy.settings.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether anything accepts TCP connections where a database should be. Needs no password, sends nothing, and is
 * not worth a line in the server's log; so it does not wake a server that sleeps behind a gateway either. What has been
 * found is good for a second. Used on one thread, connects on another.
 */
final class ServerCheck {
    private static final int CONNECT_MILLIS = 2_000;
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final List<HostPort> hosts;
    private final Executor blocking;
    private volatile @Nullable Finding finding;
    private volatile boolean underWay;

    private record Finding(@Nullable String problem, long at) {}

    ServerCheck(List<HostPort> hosts, Executor blocking) {
        this.hosts = hosts;
        this.blocking = blocking;
    }

    /** Looks again, unless that is being done or was done just now. */
    void start() {
        if (!underWay && !isFresh()) {
            underWay = true;
            blocking.execute(() -> {
                finding = new Finding(look(), System.nanoTime());
                underWay = false;
            });
        }
    }

    boolean isUnderWay() {
        return underWay;
    }

    /** Whether anybody has ever looked. */
    boolean isKnown() {
        return finding != null;
    }

    /** Whether the last look is recent. */
    boolean isFresh() {
        Finding last = finding;
        return last != null && System.nanoTime() - last.at < FRESH_NANOS;
    }

    /** What the last look found: null if one of the hosts answers. */
    @Nullable
    String problem() {
        Finding last = finding;
        return last == null ? "not known yet whether " + hosts.get(0) + " answers" : last.problem;
    }

    private @Nullable String look() {
        String problem = null;
        for (HostPort host : hosts) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getByName(host.host()), host.port()), CONNECT_MILLIS);
                return null;
            } catch (UnknownHostException e) {
                problem = "the host name \"" + host.host() + "\" could not be resolved";
            } catch (IOException e) {
                problem = "could not connect to " + host + ": " + e.getMessage();
            } catch (RuntimeException e) {
                problem = "could not connect to " + host + ": " + e;
            }
        }
        return problem;
    }
}
