package io.pgweir.proxy.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.pgweir.proxy.admin.Census;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.net.ListeningSocket;
import io.pgweir.proxy.net.Transport;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import io.pgweir.proxy.settings.HttpAccess;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Serves health, metrics, the dashboard and what it reads; docs/http.md and docs/metrics.md are the contract. Everything here
 * runs on one thread of its own, which no client's traffic can keep busy. Thread-safe.
 */
public final class HttpEndpoints implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpEndpoints.class);
    private static final Duration STUCK_AFTER = Duration.ofSeconds(5);
    private static final int MOST_POOLS_NAMED = 200;

    private final Transport transport;
    private final EventLoopGroup group;
    private final Heartbeats heartbeats;
    private final Readiness readiness;
    private final HealthReport report;
    private final MetricsPage metrics;
    private final Routes routes = new Routes();
    private @Nullable ListeningSocket listener;
    private volatile HealthReport.Detail detail = HealthReport.Detail.FIGURES;

    public HttpEndpoints(PoolDirectory pools, Sessions sessions, EventLoops loops) {
        this(pools, sessions, loops, STUCK_AFTER, MOST_POOLS_NAMED);
    }

    HttpEndpoints(PoolDirectory pools, Sessions sessions, EventLoops loops, Duration stuckAfter, int mostPoolsNamed) {
        this.transport = loops.transport();
        this.group =
                new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("pgweir-http", true), transport.handler());
        PoolLabels labels = new PoolLabels(mostPoolsNamed);
        this.heartbeats = new Heartbeats(loops, stuckAfter);
        this.readiness = new Readiness(pools, sessions, heartbeats, group.next());
        this.report = new HealthReport(pools, sessions, labels);
        Timeline timeline = new Timeline(pools, labels);
        EventLoop loop = group.next();
        loop.scheduleAtFixedRate(timeline::look, 1, 1, TimeUnit.SECONDS);
        this.metrics = new MetricsPage(new PoolCollector(pools, sessions, labels, loops, heartbeats));
        routes.add("/health/live", "200 while the event loops turn", () -> Routes.now(live()));
        routes.add("/health/ready", "200 while a client could be served, else 503 and why", this::ready);
        routes.add("/health", "pools and clients, as JSON", this::health);
        StatementsPage statements = new StatementsPage(loops, loop);
        routes.addAsking(
                "/api/statements", "what statements cost, as JSON", request -> statements.answer(request.uri()));
        routes.add("/metrics", "metrics for Prometheus", () -> Routes.now(metrics.render()));
        new Api(pools, labels, new Census(sessions, pools, loops), readiness, loop).addTo(routes, report, timeline);
        DashboardPage dashboard = DashboardPage.load();
        routes.addAsking(
                "/",
                "the dashboard; this list if plain text is asked for",
                request -> Routes.now(
                        request.wantsText()
                                ? Answer.text(HttpResponseStatus.OK, routes.index("pgweir"))
                                : dashboard.page()));
        dashboard.parts().forEach(routes::addPart);
    }

    private Answer live() {
        List<String> stuck = heartbeats.stuck();
        return stuck.isEmpty()
                ? Answer.text(HttpResponseStatus.OK, "live")
                : Answer.text(HttpResponseStatus.SERVICE_UNAVAILABLE, "not live: " + String.join("; ", stuck));
    }

    private CompletableFuture<Answer> ready() {
        return readiness
                .check()
                .thenApply(verdict -> verdict.ready()
                        ? Answer.text(
                                HttpResponseStatus.OK,
                                verdict.cause().isEmpty() ? "ready" : "ready, but " + verdict.cause())
                        : Answer.text(HttpResponseStatus.SERVICE_UNAVAILABLE, "not ready: " + verdict.cause()));
    }

    private CompletableFuture<Answer> health() {
        return readiness.check().thenApply(verdict -> Answer.json(report.render(verdict, detail)));
    }

    /**
     * Starts serving.
     *
     * @param settings who may read what
     * @param shared whether other processes may listen there too, see {@link ListeningSocket#bindShared}
     * @throws IOException if the address cannot be had
     */
    public void bind(InetSocketAddress address, boolean shared, HttpAccess settings) throws Exception {
        if (address.isUnresolved()) {
            throw new UnknownHostException("the host name \"" + address.getHostString() + "\" could not be resolved");
        }
        Access access = Access.of(settings, address);
        detail = access.isForMonitoringOnly() ? HealthReport.Detail.FIGURES : HealthReport.Detail.ALL;
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(group)
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new HttpConnections(routes, access));
        listener = shared ? ListeningSocket.bindShared(bootstrap, address) : ListeningSocket.bind(bootstrap, address);
        LOG.atLevel(access.isOpenToOthers() ? Level.WARN : Level.INFO).log("HTTP on {}: {}", address(), access.words());
    }

    /** Where they are served; only after {@link #bind}. */
    public InetSocketAddress address() {
        ListeningSocket bound = listener;
        if (bound == null) {
            throw new IllegalStateException("not listening");
        }
        return bound.address();
    }

    /** Leaves new connections to the other processes that listen at this address, if there are any. */
    public void leave() throws IOException {
        ListeningSocket bound = listener;
        if (bound != null) {
            bound.leave();
        }
    }

    /** Stops serving; waits for it, but not long. */
    @Override
    public void close() {
        heartbeats.close();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
        readiness.close();
        metrics.close();
    }
}
