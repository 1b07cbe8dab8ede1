package io.pgweir.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What status and top show, a line each. Pure. */
final class StatusText {
    private StatusText() {}

    /** Readiness, clients, pools, servers out of use, and the last incident. @param pools the answer of /api/pools */
    static List<String> of(Object address, Facts pools) {
        List<String> lines = new ArrayList<>();
        Facts clients = pools.of("clients");
        String cause = pools.text("cause");
        lines.add("pgweir " + pools.text("version") + " at " + address + ": "
                + (pools.is("ready") ? "ready" : "NOT READY")
                + (cause.isEmpty() ? "" : (pools.is("ready") ? ", but " : ": ") + cause)
                + "; up " + Columns.seconds(pools.number("uptime_seconds")) + ", " + clients.count("logged_in")
                + " clients");
        lines.add("");
        lines.addAll(pools(pools.list("pools")));
        List<String> servers = servers(pools.list("servers"));
        if (!servers.isEmpty()) {
            lines.add("");
            lines.addAll(servers);
        }
        lines.add("");
        lines.addAll(lastIncident(pools.list("pools")));
        return lines;
    }

    private static List<String> pools(List<Facts> pools) {
        if (pools.isEmpty()) {
            return List.of("No pools yet: the first client that logs in makes one.");
        }
        Columns table = new Columns(
                "POOL",
                ">IN USE",
                ">LIMIT",
                ">IDLE IN TX",
                ">WAITING",
                ">LONGEST",
                ">WAIT P95",
                ">TIMEOUTS",
                "BREAKER");
        for (Facts pool : pools) {
            long waiting = pool.count("waiting");
            table.add(
                    pool.text("pool"),
                    String.valueOf(Math.max(0, pool.count("open") - pool.count("idle"))),
                    String.valueOf(pool.count("limit")),
                    String.valueOf(pool.count("idle_in_transaction")),
                    String.valueOf(waiting),
                    waiting == 0 ? "-" : Columns.seconds(pool.number("longest_wait_seconds")),
                    Columns.seconds(pool.of("timeline").last("wait_p95_seconds")),
                    String.valueOf(pool.count("pool_timeouts")),
                    pool.text("breaker") + (pool.is("paused") ? ", paused" : ""));
        }
        return table.lines();
    }

    private static List<String> servers(List<Facts> servers) {
        List<String> lines = new ArrayList<>();
        for (Facts server : servers) {
            Facts outage = server.of("outage");
            if (!outage.isEmpty()) {
                lines.add("Server " + server.text("server") + ": breaker " + server.text("breaker") + " for "
                        + Columns.seconds(outage.number("lasted_seconds")) + ": " + outage.text("cause"));
            }
        }
        return lines;
    }

    private static List<String> lastIncident(List<Facts> pools) {
        Facts last = pools.stream()
                .filter(pool -> !pool.of("last_incident").isEmpty())
                .min(Comparator.comparingDouble(pool -> pool.of("last_incident").number("age_seconds")))
                .orElse(null);
        if (last == null) {
            return List.of("No incident: nobody has waited in vain.");
        }
        Facts incident = last.of("last_incident");
        return List.of(
                "Last incident: " + last.text("pool") + ", " + Columns.seconds(incident.number("age_seconds"))
                        + " ago, " + incident.count("affected") + " requests: " + incident.text("diagnosis"),
                "  " + incident.text("hint"));
    }

    /** Who holds connections, longest first. @param holders the answer of /api/holders */
    static List<String> holders(Facts holders) {
        List<Facts> all = holders.list("holders");
        if (all.isEmpty()) {
            return List.of("Nobody holds a connection.");
        }
        Columns table = new Columns(">HELD FOR", "STATE", ">SINCE", "POOL", ">PID", "WHO", "LAST STATEMENT");
        for (Facts holder : all) {
            table.add(
                    Columns.seconds(holder.number("held_seconds")),
                    holder.text("state").replace('_', ' '),
                    Columns.seconds(holder.number("state_seconds")),
                    holder.text("pool"),
                    String.valueOf(holder.count("backend_pid")),
                    holder.text("label"),
                    holder.text("fingerprint"));
        }
        return table.lines();
    }
}
