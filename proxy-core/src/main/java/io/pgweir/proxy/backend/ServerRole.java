package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.pgweir.proxy.settings.TargetSessionAttrs;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server lets a new session do.
 *
 * @param standby it is in hot standby
 * @param readOnly {@code default_transaction_read_only} is on for this database and user
 */
public record ServerRole(boolean standby, boolean readOnly) {
    /**
     * Asks for both, in any session: what a client has set there makes no difference. One row of two columns, {@code t} or
     * {@code f}, and {@code on} or {@code off}.
     */
    public static final String QUERY = "SELECT pg_catalog.pg_is_in_recovery(),"
            + " (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only')";

    /** Every {@link #key}. */
    public static final List<String> KEYS = List.of("primary", "standby");

    private static final String IN_HOT_STANDBY = "in_hot_standby";
    private static final String READ_ONLY = "default_transaction_read_only";

    /**
     * What a server has reported at login; PostgreSQL 14 and later do.
     *
     * @param startup what the session itself asked for, which says nothing of the server
     */
    static @Nullable ServerRole reported(ServerParameters parameters, Map<String, String> startup) {
        String standby = parameters.get(IN_HOT_STANDBY);
        String readOnly = parameters.get(READ_ONLY);
        if (standby == null || readOnly == null) {
            return null;
        }
        return new ServerRole(isOn(standby), isOn(readOnly) && !startup.containsKey(READ_ONLY));
    }

    /** The answer to {@link #QUERY}, a DataRow's body; null if it is none. */
    public static @Nullable ServerRole answered(ByteBuf row) {
        if (row.readableBytes() < Short.BYTES || row.readShort() != 2) {
            return null;
        }
        String standby = column(row);
        String readOnly = column(row);
        return standby == null || readOnly == null ? null : new ServerRole(standby.equals("t"), isOn(readOnly));
    }

    private static @Nullable String column(ByteBuf row) {
        int length = row.readableBytes() < Integer.BYTES ? -1 : row.readInt();
        boolean there = length >= 0 && length <= row.readableBytes();
        return there ? row.readCharSequence(length, StandardCharsets.US_ASCII).toString() : null;
    }

    private static boolean isOn(String value) {
        return value.equals("on");
    }

    /** Whether a parameter of this name says something of it. */
    static boolean isToldBy(String parameter) {
        return parameter.equals(IN_HOT_STANDBY) || parameter.equals(READ_ONLY);
    }

    /** Whether only the server can have changed this parameter, and no session. */
    public static boolean isCertain(String parameter) {
        return parameter.equals(IN_HOT_STANDBY);
    }

    ServerRole with(String parameter, String value) {
        return parameter.equals(IN_HOT_STANDBY)
                ? new ServerRole(isOn(value), readOnly)
                : new ServerRole(standby, isOn(value));
    }

    /** Whether it may be used at all. */
    public boolean fits(TargetSessionAttrs target) {
        return switch (target) {
            case ANY, PREFER_STANDBY -> true;
            case READ_WRITE -> !standby && !readOnly;
            case READ_ONLY -> standby || readOnly;
            case PRIMARY -> !standby;
            case STANDBY -> standby;
        };
    }

    /** {@code primary} or {@code standby}, whatever it does with writes. */
    public String key() {
        return KEYS.get(standby ? 1 : 0);
    }

    /** In words: {@code a standby}. */
    public String text() {
        return (standby ? "a standby" : "a primary") + (readOnly ? ", read-only by default" : "");
    }
}
