package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.SessionEffect;
import io.pgweir.protocol.sql.SessionEffectReader;
import io.pgweir.protocol.sql.SqlScanner;
import io.pgweir.protocol.sql.StatementKind;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.proxy.backend.PreparedStatement;
import org.jspecify.annotations.Nullable;

/**
 * Where the names and the SQL lie in the Query, Parse or Bind under way, and what the SQL is: found once, for all who ask.
 * Indexes are absolute; -1 stands for what is not there, or not yet. On the session's loop.
 */
final class MessageText {
    private int nameAt;
    private int nameEnd;
    private int sqlAt;
    private int sqlEnd;
    private int limit;
    private boolean bare;
    private boolean several;
    private boolean again;
    private @Nullable StatementKind kind;
    private @Nullable PreparedStatement statement;

    /** Reads what is there of a message; other types than the three have nothing to be read. */
    void read(byte type, ByteBuf in, int at, int length, int available, ExtendedRelay extended) {
        switch (type) {
            case FrontendType.QUERY -> readQuery(in, at, length, available);
            case FrontendType.PARSE -> readParse(in, at, available);
            case FrontendType.BIND -> readBind(in, at, available, extended);
            default -> {}
        }
    }

    private void readQuery(ByteBuf in, int at, int length, int available) {
        sqlAt = at + FrameScanner.HEADER;
        sqlEnd = -1;
        limit = Math.min(at + length - 1, at + available);
        kind = SqlScanner.bareKind(in, sqlAt, limit);
        bare = kind != null;
        several = !bare && SqlScanner.mayBeSeveral(in, sqlAt, limit);
    }

    private void readParse(ByteBuf in, int at, int available) {
        limit = at + available;
        nameAt = at + FrameScanner.HEADER;
        nameEnd = terminator(in, nameAt, limit);
        sqlAt = nameEnd + 1;
        sqlEnd = nameEnd < 0 ? -1 : terminator(in, sqlAt, limit);
        kind = null;
        again = false;
    }

    private void readBind(ByteBuf in, int at, int available, ExtendedRelay extended) {
        limit = at + available;
        int portalEnd = terminator(in, at + FrameScanner.HEADER, limit);
        nameAt = portalEnd + 1;
        nameEnd = portalEnd < 0 ? -1 : terminator(in, nameAt, limit);
        statement = nameEnd <= nameAt ? null : extended.names.find(in, nameAt, nameEnd - nameAt);
    }

    /** Index of the 0 that ends a text at {@code from}, -1 if it is not there. */
    static int terminator(ByteBuf in, int from, int to) {
        int length = from > to ? -1 : in.bytesBefore(from, to - from, (byte) 0);
        return length < 0 ? -1 : from + length;
    }

    // ---- names

    /** Where the name of the prepared statement starts. */
    int nameAt() {
        return nameAt;
    }

    /** Where it ends: equal to {@link #nameAt} if it has none, -1 if the message is malformed or its end is not here yet. */
    int nameEnd() {
        return nameEnd;
    }

    /** The statement of the client's that a Bind names; null if there is none, or it names the unnamed one. */
    @Nullable
    PreparedStatement statement() {
        return statement;
    }

    // ---- SQL

    /** Where a Query's or a Parse's text starts; 0 if its name has no end yet. */
    int sqlAt() {
        return sqlAt;
    }

    /** Where a Parse's text ends, -1 if that is not here. */
    int sqlEnd() {
        return sqlEnd;
    }

    /** Where a Query's text ends, or a Parse's, or what is here of it. */
    int sqlLimit() {
        return sqlEnd < 0 ? limit : sqlEnd;
    }

    /** A Query that does nothing to its session ({@link SqlScanner#bareKind}), as far as it is here. */
    boolean isBare() {
        return bare;
    }

    /** A Query of more than one statement, perhaps, as far as it is here. */
    boolean isSeveral() {
        return several;
    }

    /** Whether a Parse may begin with SET, RESET or SHOW. */
    boolean mayBeginWithSetting(ByteBuf in) {
        return nameEnd >= 0 && SqlScanner.mayBeginWithSetting(in, sqlAt, sqlLimit());
    }

    /** Of the first statement. */
    StatementKind kind(ByteBuf in) {
        StatementKind known = kind;
        if (known == null) {
            kind = known = sqlAt == 0 ? StatementKind.OTHER : SqlScanner.classify(in, sqlAt, sqlLimit());
        }
        return known;
    }

    /** What a Query may do: a mask of {@link SessionEffect}s. */
    int effectsOfQuery(ByteBuf in, boolean whole, SessionEffectReader reader, boolean standardStrings) {
        return bare && whole ? 0 : reader.read(in, sqlAt, limit, !whole, standardStrings);
    }

    /** What a Parse may do; of a text that the client has just sent as well, it is known. */
    int effectsOfParse(
            ByteBuf in, int messageEnd, UnnamedStatement unnamed, SessionEffectReader reader, boolean standardStrings) {
        again = nameEnd == nameAt && sqlEnd >= 0 && unnamed.isAgain(in, sqlAt, messageEnd - sqlAt, standardStrings);
        if (again) {
            kind = unnamed.kind();
            return unnamed.effects();
        }
        return sqlAt == 0 ? 0 : reader.read(in, sqlAt, sqlLimit(), sqlEnd < 0, standardStrings);
    }

    /** Whether a Parse has been found to be that of {@link UnnamedStatement} once more. */
    boolean isAgain() {
        return again;
    }
}
