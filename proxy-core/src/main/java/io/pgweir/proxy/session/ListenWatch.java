package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.sql.ChannelAction;
import io.pgweir.protocol.sql.ChannelActions;
import io.pgweir.protocol.sql.SqlScanner;
import io.pgweir.protocol.sql.StatementKind;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.proxy.backend.PreparedStatement;
import io.pgweir.proxy.settings.PoolMode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds LISTEN and UNLISTEN in what a client sends, and what may undo or confirm them, for {@link ClientNotifications}. A
 * LISTEN that this class does not see is noticed by its command tag.
 */
final class ListenWatch {
    private final ClientSession session;

    ListenWatch(ClientSession session) {
        this.session = session;
    }

    /**
     * Whether a message of a client that has no backend must wait until the listening backend listens: better before the
     * client takes a backend than with one.
     */
    boolean holds(byte type, ByteBuf in, int at, int length, int available) {
        if (session.listening().isWaiting()) {
            return true;
        }
        if (session.mode() == PoolMode.SESSION || (type != FrontendType.QUERY && type != FrontendType.PARSE)) {
            return false;
        }
        int text = at + FrameScanner.HEADER + (type == FrontendType.PARSE ? 1 : 0);
        if (available != length || text >= at + length || (in.getByte(text) | 0x20) != 'l') {
            return false; // the usual case, at the cost of one look
        }
        boolean unnamed = type != FrontendType.PARSE || in.getByte(text - 1) == 0;
        int end = unnamed ? in.indexOf(text, at + length, (byte) 0) : -1;
        if (end < 0 || SqlScanner.classify(in, text, end) != StatementKind.LISTEN) {
            return false;
        }
        List<ChannelAction> actions = actions(in, text, end);
        return actions != null && session.listening().begun().mustWait(actions);
    }

    /** False if a Query must wait; else note has been taken of it. */
    boolean passesQuery(StatementKind kind, ByteBuf in, int from, int to, boolean complete) {
        if (!mayConcern(kind)) {
            return true;
        }
        return passes(kind, complete ? actions(in, from, to) : null);
    }

    /** A string that begins a transaction may listen in it. */
    private boolean mayConcern(StatementKind kind) {
        return switch (kind) {
            case LISTEN, BEGIN -> true;
            case UNLISTEN -> session.listening().hasBegun();
            default -> session.listening().isActive();
        };
    }

    /** False if a Parse or Bind must wait, or another message behind one that does; else note has been taken of it. */
    boolean passes(ExtendedRelay extended, MessageText text, byte type, ByteBuf in) {
        if (session.listening().isWaiting()) {
            return false;
        }
        if (session.mode() == PoolMode.SESSION) {
            return true;
        }
        return switch (type) {
            case FrontendType.PARSE -> passesParse(in, text);
            case FrontendType.BIND -> !session.listening().hasBegun() || passesBind(extended, text);
            default -> true;
        };
    }

    private boolean passesParse(ByteBuf in, MessageText text) {
        if (text.sqlEnd() < 0 || isAnotherWord(in.getByte(text.sqlAt())) || text.kind(in) != StatementKind.LISTEN) {
            return true;
        }
        List<ChannelAction> actions = actions(in, text.sqlAt(), text.sqlEnd());
        return actions == null || !session.listening().begun().mustWait(actions);
    }

    /** The usual case: a statement begins with a word, and not with one like LISTEN. */
    private static boolean isAnotherWord(byte first) {
        int lower = first | 0x20;
        return lower >= 'a' && lower <= 'z' && lower != 'l';
    }

    private boolean passesBind(ExtendedRelay extended, MessageText text) {
        if (text.nameEnd() < 0) {
            return true;
        }
        if (text.nameEnd() == text.nameAt()) {
            return passesBind(extended.unnamed().kind(), extended.unnamed().body());
        }
        PreparedStatement statement = text.statement();
        return statement == null || passesBind(statement.kind(), statement.body());
    }

    /** @param parsed the body of the statement's Parse, or null if it is not known */
    private boolean passesBind(StatementKind kind, byte @Nullable [] parsed) {
        if (!mayConcern(kind) || kind == StatementKind.BEGIN) {
            return true;
        }
        if (parsed == null) {
            return passes(kind, null);
        }
        ByteBuf in = Unpooled.wrappedBuffer(parsed);
        int end = in.indexOf(0, parsed.length, (byte) 0);
        return passes(kind, end < 0 ? null : actions(in, 0, end));
    }

    /** @param actions null if they could not be read */
    private boolean passes(StatementKind kind, @Nullable List<ChannelAction> actions) {
        if (actions == null) {
            if (kind == StatementKind.LISTEN) {
                session.listening().begun().listenNatively();
            }
            return true;
        }
        boolean listens = actions.stream().anyMatch(action -> action.kind() == ChannelAction.Kind.LISTEN);
        return (!session.listening().hasBegun() && !listens)
                || session.listening().begun().passes(actions);
    }

    private @Nullable List<ChannelAction> actions(ByteBuf in, int from, int to) {
        List<ChannelAction> actions =
                ChannelActions.of(in, from, to, session.listening().parameters().hasStandardStrings());
        // How other letters are folded and where they are cut depends on the server's encoding.
        boolean exact = actions == null
                || session.listening().parameters().serverUsesUtf8()
                || actions.stream().allMatch(action -> action.name().chars().allMatch(c -> c < 0x80));
        return exact ? actions : null;
    }
}
