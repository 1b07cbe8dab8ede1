package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.InternalConversation;
import io.pgweir.proxy.backend.InternalReply;
import io.pgweir.proxy.backend.PreparedStatement;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.backend.StatementRegistry;
import io.pgweir.proxy.metrics.StateKind;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Asks a backend what its session has that another one has not. A conversation of pgweir's own, between the client's units of
 * work; its statements stay prepared, since planning them costs more than running them.
 */
final class StateQuery implements InternalReply {
    /**
     * Everything that was set in this session, in a form that set_config takes back. {@code role} and {@code
     * session_authorization} are not in pg_settings, nor is a name with a dot that no extension owns; those left out belong
     * to a transaction or a moment, and cannot be reset. Values come as the hexadecimal digits of their UTF-8, since the
     * client may have any encoding; operators are named in full, since it may have any search_path.
     */
    private static final String SETTINGS = "SELECT 'SETTING', name,"
            + " pg_catalog.encode(pg_catalog.convert_to(setting, 'UTF8'), 'hex'), context FROM ("
            + "SELECT name, setting, context FROM pg_catalog.pg_settings"
            + " WHERE source OPERATOR(pg_catalog.=) 'session' AND name OPERATOR(pg_catalog.<>) ALL"
            + " ('{transaction_isolation,transaction_read_only,transaction_deferrable,seed}'::pg_catalog.text[])"
            + " UNION ALL SELECT name, setting, 'user' FROM (SELECT name, pg_catalog.current_setting(name, true)"
            + " AS setting FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name) AS custom WHERE setting IS NOT NULL"
            + " UNION ALL SELECT 'role', pg_catalog.current_setting('role'), 'user'"
            + " WHERE pg_catalog.current_setting('role') OPERATOR(pg_catalog.<>) 'none'"
            + " UNION ALL SELECT 'session_authorization', session_user::pg_catalog.text, 'user'"
            + " WHERE session_user::pg_catalog.text OPERATOR(pg_catalog.<>) $2::pg_catalog.text) AS found";

    private static final String KNOWN_CHANNEL = "KNOWN_CHANNEL";

    /** What cannot be replayed. The temporary schema stays when it is empty; its objects depend on it. */
    private static final String LEFTOVERS = "SELECT 'ADVISORY_LOCK' WHERE EXISTS (SELECT FROM pg_catalog.pg_locks"
            + " WHERE locktype OPERATOR(pg_catalog.=) 'advisory' AND pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND granted)"
            + " UNION ALL SELECT 'TEMPORARY_OBJECT' WHERE pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.<>) 0::pg_catalog.oid"
            + " AND EXISTS (SELECT FROM pg_catalog.pg_depend"
            + " WHERE refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid"
            + " AND refobjid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())"
            + " UNION ALL SELECT 'HOLDABLE_CURSOR' WHERE EXISTS (SELECT FROM pg_catalog.pg_cursors WHERE is_holdable)"
            + " UNION ALL SELECT 'PREPARED_STATEMENT'"
            + " WHERE EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql)"
            + " UNION ALL SELECT 'LISTEN' WHERE EXISTS (SELECT FROM pg_catalog.pg_listening_channels() AS channel"
            + " WHERE channel OPERATOR(pg_catalog.<>) ALL ($1::pg_catalog.text[]))"
            + " UNION ALL SELECT '" + KNOWN_CHANNEL + "' WHERE EXISTS (SELECT FROM pg_catalog.pg_listening_channels()"
            + " AS channel WHERE channel OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]))";

    /**
     * What was found.
     *
     * @param settings what is set; null if that was not asked
     * @param privileged whether something is set that only a superuser may set
     * @param unreplayable whether something is set that other backends may not take
     * @param left kinds of other state; null if that was not asked
     * @param listensOnKnown whether the backend listens on a channel that was named to be left out
     */
    record Answer(
            @Nullable SessionSettings settings,
            boolean privileged,
            boolean unreplayable,
            @Nullable Set<StateKind> left,
            boolean listensOnKnown) {}

    private final Consumer<@Nullable Answer> result;
    private final Map<String, String> values = new TreeMap<>();
    private final Set<StateKind> left = EnumSet.noneOf(StateKind.class);
    private boolean settingsAsked;
    private boolean leftoversAsked;
    private boolean privileged;
    private boolean unreplayable;
    private boolean listensOnKnown;

    private StateQuery(Consumer<@Nullable Answer> result) {
        this.result = result;
    }

    /**
     * @param settings whether to ask for the settings
     * @param leftovers whether to ask for the rest
     * @param custom names with a dot that may have been set
     * @param channels to be left out when the backend is asked what it listens on
     * @param result gets null if it cannot be found out
     */
    static void ask(
            BackendConnection backend,
            StatementRegistry statements,
            boolean settings,
            boolean leftovers,
            Set<String> custom,
            Set<String> channels,
            Consumer<@Nullable Answer> result) {
        StateQuery query = new StateQuery(result);
        query.settingsAsked = settings;
        query.leftoversAsked = leftovers;
        InternalConversation conversation = backend.converse(query);
        if (leftovers) {
            conversation.execute(prepared(statements, LEFTOVERS), array(channels));
        }
        if (settings) {
            String user = String.valueOf(backend.parameters().atLogin("session_authorization"));
            conversation.execute(prepared(statements, SETTINGS), names(backend, custom), user);
        }
        conversation.sync();
    }

    /** The registry keeps it as long as a backend knows it. */
    private static PreparedStatement prepared(StatementRegistry statements, String sql) {
        byte[] body = (sql + "\0\0\0").getBytes(StandardCharsets.US_ASCII); // no parameter types
        return statements.intern(Unpooled.wrappedBuffer(body), 0, body.length);
    }

    private static String names(BackendConnection backend, Set<String> custom) {
        Set<String> names = new TreeSet<>(custom);
        backend.applied().values().keySet().stream()
                .filter(name -> name.indexOf('.') >= 0)
                .forEach(names::add);
        return array(names);
    }

    private static String array(Set<String> elements) {
        return elements.stream()
                .map(name -> '"' + name.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
                .collect(Collectors.joining(",", "{", "}"));
    }

    @Override
    public void row(ByteBuf body) {
        int columns = body.readShort();
        String kind = text(body);
        if (kind.equals(KNOWN_CHANNEL)) {
            listensOnKnown = true;
            return;
        }
        if (columns == 1) {
            left.add(StateKind.valueOf(kind));
            return;
        }
        String name = text(body).toLowerCase(Locale.ROOT);
        values.put(name, new String(ByteBufUtil.decodeHexDump(text(body)), StandardCharsets.UTF_8));
        privileged |= !text(body).equals("user");
        unreplayable |= name.equals("temp_buffers"); // not where temporary tables have been used
    }

    private static String text(ByteBuf body) {
        int length = body.readInt();
        return length < 0
                ? ""
                : body.readCharSequence(length, StandardCharsets.UTF_8).toString();
    }

    @Override
    public void done(@Nullable ErrorFields error) {
        if (error != null) {
            result.accept(null);
        } else {
            result.accept(new Answer(
                    settingsAsked ? SessionSettings.of(values) : null,
                    privileged,
                    unreplayable,
                    leftoversAsked ? left : null,
                    listensOnKnown));
        }
    }
}
