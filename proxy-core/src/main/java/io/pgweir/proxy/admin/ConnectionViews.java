package io.pgweir.proxy.admin;

import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.ClientSnapshot;
import io.pgweir.proxy.session.ClientSnapshot.Endpoint;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** SHOW CLIENTS, SERVERS, SOCKETS, QUERIES and HOLDERS: who is there, and what they do. Statements without their values. */
final class ConnectionViews {
    private static final List<Column> SOCKET = Column.of(
            "type",
            "user",
            "database",
            "replication",
            "state",
            "addr",
            "port:4",
            "local_addr",
            "local_port:4",
            "connect_time",
            "request_time",
            "wait:4",
            "wait_us:4",
            "close_needed:4",
            "ptr",
            "link",
            "remote_pid:4",
            "tls",
            "application_name",
            "prepared_statements:4",
            "id:8");
    private static final List<Column> CLIENTS =
            Column.of(SOCKET, "label", "transaction", "backend_pid:4", "idle_seconds:f", "kept_for");
    private static final List<Column> SERVERS =
            Column.of(SOCKET, "server", "holder_state", "state_seconds:f", "age_seconds:f", "client_id:8", "label");
    private static final List<Column> QUERIES = Column.own(
            "pool",
            "client_id:8",
            "client",
            "state",
            "since_seconds:f",
            "backend_pid:4",
            "label",
            "fingerprint",
            "statement");
    private static final List<Column> HOLDERS = Column.own(
            "pool",
            "backend_pid:4",
            "server",
            "state",
            "state_seconds:f",
            "held_seconds:f",
            "client_id:8",
            "client",
            "label",
            "kept_for",
            "fingerprint",
            "statement");

    private final Census census;
    private final WallClock clock;

    ConnectionViews(Census census, WallClock clock) {
        this.census = census;
        this.clock = clock;
    }

    List<Command> commands() {
        return List.of(
                Command.show(
                        "CLIENTS",
                        CLIENTS,
                        "Clients, past their login; id is what KILL CLIENT takes.",
                        (caller, argument) -> census.clients().thenApply(this::clients)),
                Command.show(
                        "SERVERS",
                        SERVERS,
                        "Backends that are open; remote_pid is the server's process, what KILL BACKEND takes.",
                        byEverybody(this::servers)),
                Command.show("SOCKETS", SOCKET, "SHOW CLIENTS and SHOW SERVERS in one.", byEverybody(this::sockets)),
                Command.show(
                        "QUERIES",
                        QUERIES,
                        "What runs now, and who waits for a backend: longest first.",
                        byEverybody(this::queries)),
                Command.show(
                        "HOLDERS",
                        HOLDERS,
                        "Who holds which backend, since when and what for: longest first.",
                        byEverybody(this::holders)));
    }

    private Command.Effect byEverybody(Function<Census.People, List<@Nullable Object[]>> rows) {
        return (caller, argument) -> census.everybody().thenApply(people -> Reply.of(rows.apply(people)));
    }

    private Reply clients(List<ClientSnapshot> clients) {
        return Reply.of(clients.stream()
                .sorted(Comparator.comparingLong(ClientSnapshot::number))
                .map(this::row)
                .toList());
    }

    private @Nullable Object[] row(ClientSnapshot client) {
        boolean asked = client.requestAt() != 0;
        long wait = Math.max(0, client.waitedNanos()) / 1_000;
        boolean idle = client.state().equals("idle");
        return new @Nullable Object[] {
            "C",
            client.pool().user(),
            client.pool().database(),
            "none",
            client.state(),
            client.address().host(),
            client.address().port(),
            client.local().host(),
            client.local().port(),
            clock.at(client.connectedAt()),
            asked ? clock.at(client.requestAt()) : null,
            (int) (wait / 1_000_000),
            (int) (wait % 1_000_000),
            0,
            "c" + client.number(),
            client.backend(),
            0,
            client.tls(),
            client.application(),
            null,
            client.number(),
            client.label(),
            client.transaction(),
            client.backendPid() == 0 ? null : client.backendPid(),
            idle ? WallClock.since(asked ? client.requestAt() : client.connectedAt()) : null,
            client.kept()
        };
    }

    private List<@Nullable Object[]> servers(Census.People people) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        people.backends().stream()
                .sorted(Comparator.comparingLong(backend -> backend.connection().openedAt()))
                .forEach(backend -> rows.add(row(
                        backend,
                        people.clientsByBackend().get(backend.connection().toString()))));
        return rows;
    }

    private @Nullable Object[] row(Census.Backend backend, @Nullable ClientSnapshot client) {
        Pool pool = backend.pool();
        Holder holder = backend.holder();
        var connection = backend.connection();
        Endpoint remote = Endpoint.of(connection.address());
        boolean leaving = connection.isClosed() || !pool.steering().wants(connection);
        long since = holder != null ? holder.since() : connection.idleSince();
        return new @Nullable Object[] {
            "S",
            pool.key().user(),
            pool.key().database(),
            "none",
            backend.state(),
            remote.host(),
            remote.port(),
            backend.local().host(),
            backend.local().port(),
            clock.at(connection.openedAt()),
            since == 0 ? null : clock.at(since),
            0,
            0,
            leaving ? 1 : 0,
            connection.toString(),
            client == null ? "" : "c" + client.number(),
            connection.pid(),
            "",
            backend.application(),
            null,
            (long) connection.pid(),
            connection.host().toString(),
            holder == null ? "idle" : holder.state().key(),
            since == 0 ? null : WallClock.since(since),
            WallClock.since(connection.openedAt()),
            client == null ? null : client.number(),
            holder == null ? "" : holder.label()
        };
    }

    private List<@Nullable Object[]> sockets(Census.People people) {
        List<@Nullable Object[]> rows =
                new ArrayList<>(clients(people.clients()).rows());
        rows.addAll(servers(people));
        return rows;
    }

    private List<@Nullable Object[]> queries(Census.People people) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        people.clients().stream()
                .filter(client -> client.waitedNanos() >= 0)
                .forEach(client -> rows.add(new @Nullable Object[] {
                    client.pool().toString(),
                    client.number(),
                    client.address().host() + ":" + client.address().port(),
                    "waiting",
                    client.waitedNanos() / 1e9,
                    null,
                    client.label().isEmpty() ? client.application() : client.label(),
                    "",
                    ""
                }));
        for (Census.Backend backend : people.backends()) {
            Holder holder = backend.holder();
            if (holder != null && (holder.state() == HoldState.ACTIVE || holder.state() == HoldState.SLOW_CLIENT)) {
                ClientSnapshot client =
                        people.clientsByBackend().get(backend.connection().toString());
                rows.add(new @Nullable Object[] {
                    backend.pool().key().toString(),
                    client == null ? null : client.number(),
                    holder.client(),
                    holder.state().key(),
                    WallClock.since(holder.since()),
                    holder.pid(),
                    holder.label(),
                    fingerprint(holder),
                    holder.statement().text()
                });
            }
        }
        rows.sort(Comparator.comparingDouble(row -> -(Double) value(row, 4)));
        return rows;
    }

    private static Object value(@Nullable Object[] row, int column) {
        return java.util.Objects.requireNonNull(row[column]);
    }

    private List<@Nullable Object[]> holders(Census.People people) {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (Census.Backend backend : people.backends()) {
            Holder holder = backend.holder();
            if (holder == null) {
                continue;
            }
            ClientSnapshot client =
                    people.clientsByBackend().get(backend.connection().toString());
            rows.add(new @Nullable Object[] {
                backend.pool().key().toString(),
                holder.pid(),
                backend.connection().host().toString(),
                holder.state().key(),
                WallClock.since(holder.since()),
                WallClock.since(holder.begunAt()),
                client == null ? null : client.number(),
                holder.client(),
                holder.label(),
                holder.kept(),
                fingerprint(holder),
                holder.statement().text()
            });
        }
        rows.sort(Comparator.comparingDouble(row -> -(Double) value(row, 5)));
        return rows;
    }

    private static String fingerprint(Holder holder) {
        long fingerprint = holder.statement().fingerprint();
        return fingerprint == 0 ? "" : String.format(java.util.Locale.ROOT, "%016x", fingerprint);
    }
}
