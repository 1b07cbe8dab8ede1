package io.pgweir.proxy.settings;

import io.pgweir.proxy.settings.Setting.Change;
import io.pgweir.proxy.settings.Setting.Group;
import io.pgweir.proxy.settings.Setting.Scope;
import io.pgweir.proxy.settings.ValueType.Whole;
import java.util.ArrayList;
import java.util.List;

/** The part of the {@link Settings} table that bounds what clients, logged in or not, may take of pgweir. */
final class ClientBoundsSettings {
    private static final List<Setting<?>> ROWS = new ArrayList<>();

    static final Setting<Integer> MAX_UNAUTHENTICATED = add(
            Scope.GLOBAL,
            "max_unauthenticated",
            new Whole(0, 1_000_000, "auto"),
            "auto",
            "connections that have not proved who they are; auto = 4000, or what a quarter of the heap has room for if that"
                    + " is less");
    static final Setting<Integer> MAX_UNAUTHENTICATED_PER_ADDRESS = add(
            Scope.GLOBAL,
            "max_unauthenticated_per_address",
            new Whole(0, 1_000_000, "auto"),
            "auto",
            "the same from one address, of IPv6 from one /64; auto = half of max_unauthenticated");
    static final Setting<Integer> CLIENT_BUFFER_LIMIT = add(
            Scope.GLOBAL,
            "client_buffer_limit",
            new Whole(0, Integer.MAX_VALUE, "auto"),
            "auto",
            "bytes that pgweir holds of what clients have sent and cannot be passed on yet; auto = a quarter of the heap");
    static final Setting<Integer> CLIENT_STATEMENT_LIMIT = add(
            Scope.POOL,
            "client_statement_limit",
            new Whole(1, 1_000_000, null),
            "10000",
            "prepared statements that one client may have; the next is refused with 53400");

    private ClientBoundsSettings() {}

    static List<Setting<?>> rows() {
        return List.copyOf(ROWS);
    }

    private static Setting<Integer> add(Scope scope, String name, Whole type, String defaultText, String description) {
        Change change = scope == Scope.GLOBAL ? Change.RESTART : Change.NEW_CLIENTS;
        Setting<Integer> setting =
                new Setting<>(name, Group.CLIENTS, scope, type, defaultText, List.of(), false, change, description);
        ROWS.add(setting);
        return setting;
    }
}
