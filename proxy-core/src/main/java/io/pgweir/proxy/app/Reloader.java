package io.pgweir.proxy.app;

import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import io.pgweir.proxy.settings.ConfigProblem;
import io.pgweir.proxy.settings.ListenerTls;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import io.pgweir.proxy.settings.ReloadPlan;
import io.pgweir.proxy.settings.ReloadReport;
import io.pgweir.proxy.tls.ClientTls;
import io.pgweir.proxy.tls.TlsFault;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the configuration again, says what is otherwise, and puts it into force; if anything is wrong with it, nothing changes.
 * One at a time, on a thread of its own. Thread-safe.
 *
 * <pre>
 *   resting --asked--> under way --asked--> under way, one more waits --done--> under way
 *      ^---------- done ----'
 * </pre>
 */
final class Reloader {
    /** Makes what protects connections to clients. */
    interface TlsFactory {
        @Nullable
        ClientTls make(ListenerTls settings) throws TlsFault;
    }

    private static final Logger LOG = LoggerFactory.getLogger(Reloader.class);

    private final LiveConfig live;
    private final PoolDirectory pools;
    private final Sessions sessions;
    private final TlsFactory tls;
    private final BiConsumer<ClientTls, Duration> retire;
    private final Consumer<ProxyConfig> onReload;

    // Guarded by this.
    private @Nullable CompletableFuture<ReloadReport> underWay;
    private @Nullable CompletableFuture<ReloadReport> next;

    /**
     * @param retire takes what no new connections are protected with any more, and how long some may still begin with it
     * @param onReload told of what is in force from now on
     */
    Reloader(
            LiveConfig live,
            PoolDirectory pools,
            Sessions sessions,
            TlsFactory tls,
            BiConsumer<ClientTls, Duration> retire,
            Consumer<ProxyConfig> onReload) {
        this.live = live;
        this.pools = pools;
        this.sessions = sessions;
        this.tls = tls;
        this.retire = retire;
        this.onReload = onReload;
    }

    /** Does not block. What is under way may have read the files already, so it does not count for who asks now. */
    synchronized CompletableFuture<ReloadReport> request(String by) {
        LOG.info("reload: asked for by {}", by);
        if (underWay != null) {
            next = next == null ? new CompletableFuture<>() : next;
            return next;
        }
        CompletableFuture<ReloadReport> first = new CompletableFuture<>();
        underWay = first;
        Thread thread = new Thread(() -> run(first), "pgweir-reload");
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (Throwable e) { // e.g. no memory for it: the next who asks may be luckier
            underWay = null;
            failed(first, e, false);
        }
        return first;
    }

    private void run(CompletableFuture<ReloadReport> first) {
        for (CompletableFuture<ReloadReport> asked = first; asked != null; asked = following()) {
            long number = live.number();
            try {
                asked.complete(reload());
            } catch (Throwable e) { // whatever it is, it must not keep others from reloading
                failed(asked, e, live.number() != number);
            }
        }
    }

    private void failed(CompletableFuture<ReloadReport> asked, Throwable e, boolean partly) {
        asked.completeExceptionally(e);
        live.count(LiveConfig.Outcome.FAILED);
        LOG.error(
                "reload: an error that was not expected; {}",
                partly
                        ? "the new configuration is only partly in force: reload again, and if that fails, restart"
                        : "nothing was changed",
                e);
    }

    private synchronized @Nullable CompletableFuture<ReloadReport> following() {
        underWay = next;
        next = null;
        return underWay;
    }

    private ReloadReport reload() {
        LoadedConfig running = live.loaded();
        LoadedConfig read = running.again();
        if (!read.problems().isEmpty()) {
            return rejected(read.problems(), read.notes());
        }
        ReloadPlan plan = ReloadPlan.between(running, read);
        ProxyConfig before = live.config();
        ProxyConfig after = plan.next().config().orElseThrow();
        boolean otherTls = !before.tls().equals(after.tls());
        ClientTls protection = null;
        if (otherTls) {
            try {
                protection = tls.make(after.tls());
            } catch (TlsFault e) {
                return rejected(
                        List.of(new ConfigProblem("tls", "TLS to clients cannot be set up: " + e.text())), List.of());
            }
        }
        read.notes().forEach(note -> LOG.info("reload: configuration: {}", note));
        plan.changes().forEach(change -> LOG.info("reload: {}", change));
        live.publish(plan.next());
        if (otherTls) {
            ClientTls former = sessions.tls();
            sessions.tls(protection);
            if (former != null) {
                Duration old = before.clientLoginTimeout();
                Duration now = after.clientLoginTimeout();
                retire.accept(former, old.compareTo(now) > 0 ? old : now);
            }
        }
        pools.configured(before);
        sessions.configured();
        onReload.accept(after);
        live.count(LiveConfig.Outcome.SUCCEEDED);
        LOG.info(
                "reload: done, {} changes; configuration number {} is in force",
                plan.changes().size(),
                live.number());
        return new ReloadReport(List.of(), read.notes(), plan.changes());
    }

    private ReloadReport rejected(List<ConfigProblem> problems, List<ConfigProblem> notes) {
        live.count(LiveConfig.Outcome.REJECTED);
        LOG.error(
                "reload: nothing was changed, because of {}",
                problems.size() == 1 ? "this problem:" : "these " + problems.size() + " problems:");
        problems.forEach(problem -> LOG.error("reload: {}", problem));
        return new ReloadReport(problems, notes, List.of());
    }
}
