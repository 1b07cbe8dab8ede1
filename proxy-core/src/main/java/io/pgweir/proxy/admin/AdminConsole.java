package io.pgweir.proxy.admin;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.session.ClientSnapshot.Endpoint;
import io.pgweir.proxy.session.Console;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import io.pgweir.proxy.settings.AccessSettings;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.ReloadReport;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The admin console of one proxy. No database of the configuration may have its names. Thread-safe. */
public final class AdminConsole implements Console {
    /** What clients ask for to come here. */
    public static final List<String> NAMES = AccessSettings.CONSOLE;

    private final LiveConfig live;
    private final Commands commands;
    private final StatsHistory history;
    private final Set<ConsoleChannel> open = ConcurrentHashMap.newKeySet();

    /**
     * What the console is about.
     *
     * @param live what is configured at the moment
     * @param shutdown begins the end of the process
     * @param reload reads the configuration again, on a thread of its own, for the one whose name it takes
     */
    public record Subject(
            LiveConfig live,
            PoolDirectory pools,
            Sessions sessions,
            EventLoops loops,
            Runnable shutdown,
            Function<String, CompletableFuture<ReloadReport>> reload) {}

    public AdminConsole(Subject subject) {
        this.live = subject.live;
        this.history = new StatsHistory(subject.pools, subject.loops.contexts().get(0));
        this.commands = new Commands(table(subject, history), new DriverTalk(parameters("")));
    }

    /** Every command. */
    static List<Command> table(Subject subject, StatsHistory history) {
        Census census = new Census(subject.sessions, subject.pools, subject.loops);
        WallClock clock = new WallClock();
        List<Command> table = new ArrayList<>();
        table.addAll(new PoolViews(subject.pools).commands());
        table.addAll(new ConnectionViews(census, clock).commands());
        table.addAll(new StatsViews(history).commands());
        table.addAll(new StatementViews(census).commands());
        table.addAll(new DatabaseViews(subject).commands());
        table.addAll(new InsightViews(subject.pools, census, clock).commands());
        table.addAll(new ProcessViews(subject, table).commands());
        table.addAll(new PauseCommands(subject).commands());
        table.addAll(new KillCommands(subject).commands());
        table.addAll(new BreakerCommands(subject).commands());
        table.addAll(new ServiceCommands(subject).commands());
        table.add(new ReloadCommand(subject).command());
        return table;
    }

    /** Begins to keep what averages are made of. */
    public void start() {
        history.start();
    }

    @Override
    public boolean isCalled(String database) {
        return NAMES.contains(database);
    }

    @Override
    public @Nullable ErrorFields refusal(String user) {
        boolean allowed = live.config().adminUsers().contains(user)
                || live.config().statsUsers().contains(user);
        return allowed ? null : ConsoleError.NOT_ALLOWED.with(user);
    }

    @Override
    public Map<String, String> parameters(Visitor visitor) {
        return parameters(visitor.application());
    }

    private static Map<String, String> parameters(String application) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("server_version", Version.NUMBER + "/pgweir");
        parameters.put("client_encoding", "UTF8");
        parameters.put("server_encoding", "UTF8");
        parameters.put("standard_conforming_strings", "on");
        parameters.put("DateStyle", "ISO, MDY");
        parameters.put("TimeZone", "UTC");
        parameters.put("IntervalStyle", "postgres");
        parameters.put("integer_datetimes", "on");
        parameters.put("is_superuser", "off");
        parameters.put("application_name", application);
        return parameters;
    }

    @Override
    public Session open(Visitor visitor) {
        Endpoint from = Endpoint.of(visitor.channel().remoteAddress());
        Caller caller = new Caller(
                visitor.user(),
                visitor.database(),
                from.host() + ":" + from.port(),
                live.config().adminUsers().contains(visitor.user()),
                visitor.loop());
        ConsoleChannel session = new ConsoleChannel(visitor.channel(), caller, commands, open::remove);
        open.add(session);
        return session;
    }

    /** The process ends: says so to everybody, and closes. */
    public void close() {
        Collection<ConsoleChannel> all = List.copyOf(open);
        all.forEach(
                session -> session.loop().loop().execute(() -> session.closeWith(ConsoleError.SHUTTING_DOWN.with())));
    }
}
