package io.pgweir.proxy.admin;

import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import io.pgweir.proxy.settings.LiveConfig;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.LoadedConfig.EffectiveValue;
import io.pgweir.proxy.settings.Setting;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryUsage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** SHOW CONFIG, VERSION, STATE, MEM and HELP: this process. */
final class ProcessViews {
    private static final List<Column> CONFIG =
            Column.of(Column.of("key", "value", "default", "changeable"), "source", "database", "reload");
    private static final List<Column> MEM = Column.of("name", "size:8", "used:8", "free:8", "memtotal:8");
    private static final String NO = "no";

    private final LiveConfig live;
    private final PoolDirectory pools;
    private final Sessions sessions;
    private final List<Command> table;

    /** @param table all commands, once they are there */
    ProcessViews(AdminConsole.Subject subject, List<Command> table) {
        this.live = subject.live();
        this.pools = subject.pools();
        this.sessions = subject.sessions();
        this.table = table;
    }

    List<Command> commands() {
        return List.of(
                Command.show(
                        "CONFIG",
                        CONFIG,
                        "Settings: value, default, where the value comes from, and what RELOAD does about another; of single databases"
                                + " where they differ.",
                        this::config),
                Command.show("VERSION", Column.of("version"), "Which build this is.", this::version),
                Command.show(
                        "STATE",
                        Column.of("key", "value"),
                        "Whether everything is paused, or taken out of service.",
                        caller -> state()),
                Command.show(
                        "MEM",
                        MEM,
                        "Memory of this process, in bytes: memtotal is taken, of which used is in use.",
                        caller -> memory()),
                Command.show("HELP", Column.own("command", "for", "meaning"), "This list.", caller -> help()));
    }

    private List<@Nullable Object[]> config(Caller caller) {
        LoadedConfig values = live.loaded();
        List<@Nullable Object[]> rows = new ArrayList<>();
        if (caller.expectsPgBouncer()) {
            // The two that pgbouncer_exporter reads.
            rows.add(row(
                    "max_client_conn",
                    String.valueOf(sessions.mostClients()),
                    "10000",
                    "yes",
                    "setting max_clients",
                    "",
                    ""));
            rows.add(row("max_user_connections", "0", "0", NO, "pgweir has no such limit", "", ""));
        }
        Map<String, String> general = new HashMap<>();
        for (EffectiveValue value : values.values()) {
            general.put(value.setting().name(), value.text());
            rows.add(row(value, ""));
        }
        values.pools()
                .forEach((database, own) -> own.stream()
                        .filter(value ->
                                !Objects.equals(general.get(value.setting().name()), value.text()))
                        .forEach(value -> rows.add(row(value, database))));
        values.exceptions().forEach((who, own) -> own.forEach(value -> rows.add(row(value, who))));
        return rows;
    }

    private static @Nullable Object[] row(EffectiveValue value, String database) {
        return row(
                value.setting().name(),
                value.text(),
                value.setting().defaultText() == null ? "" : value.setting().defaultText(),
                value.setting().change() == Setting.Change.RESTART ? NO : "yes",
                value.where(),
                database,
                value.setting().change().word());
    }

    private static @Nullable Object[] row(
            String key,
            String value,
            @Nullable String standard,
            String changeable,
            String source,
            String database,
            String reload) {
        return new @Nullable Object[] {key, value, standard, changeable, source, database, reload};
    }

    private List<@Nullable Object[]> version(Caller caller) {
        String own = "pgweir " + Version.NUMBER + " (Java " + Runtime.version().feature() + ")";
        return List.<@Nullable Object[]>of(new @Nullable Object[] {own});
    }

    private List<@Nullable Object[]> state() {
        AdminOrder paused = pools.switches().allPaused();
        AdminOrder out = sessions.outOfService();
        List<@Nullable Object[]> rows = new ArrayList<>();
        rows.add(new @Nullable Object[] {"active", paused == null ? "yes" : NO});
        rows.add(new @Nullable Object[] {"paused", paused == null ? NO : "yes"});
        rows.add(new @Nullable Object[] {"suspended", NO});
        rows.add(new @Nullable Object[] {"drained", out == null ? NO : "yes"});
        rows.add(new @Nullable Object[] {"shutting_down", sessions.isDraining() ? "yes" : NO});
        return rows;
    }

    private List<@Nullable Object[]> memory() {
        List<@Nullable Object[]> rows = new ArrayList<>();
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        rows.add(row("heap", memory.getHeapMemoryUsage()));
        rows.add(row("non_heap", memory.getNonHeapMemoryUsage()));
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            long total = pool.getTotalCapacity();
            rows.add(new @Nullable Object[] {
                "buffers " + pool.getName(),
                null,
                pool.getMemoryUsed(),
                Math.max(0, total - pool.getMemoryUsed()),
                total
            });
        }
        return rows;
    }

    private static @Nullable Object[] row(String name, MemoryUsage usage) {
        long committed = usage.getCommitted();
        return new @Nullable Object[] {name, null, usage.getUsed(), committed - usage.getUsed(), committed};
    }

    private List<@Nullable Object[]> help() {
        List<@Nullable Object[]> rows = new ArrayList<>();
        for (Command command : table) {
            boolean admin = command.access() == Command.Access.ADMIN;
            rows.add(new @Nullable Object[] {command.syntax(), admin ? "admin_users" : "stats_users", command.help()});
        }
        return rows;
    }
}
