package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.ChannelAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What a completed command did to the session, by its tag. */
final class CommandTags {
    enum Effect {
        NONE,
        /** SET, or code of the user's that may have set something. */
        SETTING,
        RESET,
        COMMIT,
        /** Of a transaction, or to a savepoint. */
        ROLLBACK,
        DISCARD_ALL,
        DISCARD_SEQUENCES,
        LOAD,
        LISTEN,
        DEALLOCATE_ALL
    }

    private static final int LONGEST = 18;

    private CommandTags() {}

    /** The tag, if it is one of {@link ChannelAction.Kind}; else null. */
    static @Nullable String listening(ByteBuf in, int at, int length) {
        if (length > LONGEST) {
            return null;
        }
        switch (in.getByte(at)) {
            case 'L', 'U', 'S', 'R', 'C':
                String tag = in.toString(at, length - 1, StandardCharsets.US_ASCII);
                for (ChannelAction.Kind kind : ChannelAction.Kind.values()) {
                    if (kind.tag().equals(tag)) {
                        return tag;
                    }
                }
                return null;
            default:
                return null;
        }
    }

    /**
     * How many rows a command has returned or changed: the number that its tag ends with; 0 without one.
     *
     * @param length of the tag with its terminator
     */
    static long rows(ByteBuf in, int at, int length) {
        long rows = 0;
        long place = 1;
        for (int i = at + length - 2; i > at; i--) {
            int digit = in.getByte(i) - '0';
            if (digit < 0 || digit > 9) {
                return in.getByte(i) == ' ' ? rows : 0;
            }
            rows += digit * place;
            place *= 10;
        }
        return 0;
    }

    /** @param length of the tag with its terminator */
    static Effect effectOf(ByteBuf in, int at, int length) {
        if (length > LONGEST) {
            return Effect.NONE;
        }
        if (length == 4 && in.getByte(at + 1) == 'E' && in.getByte(at + 2) == 'T') {
            return Effect.SETTING;
        }
        byte second = in.getByte(at + 1);
        if (length == 5 && in.getByte(at) == 'L' && second == 'O' && in.getByte(at + 2) == 'A') {
            return Effect.LOAD;
        }
        if (length == 7 && in.getByte(at) == 'L' && second == 'I') {
            return Effect.LISTEN;
        }
        if (in.getByte(at) == 'S' || (second != 'E' && second != 'I' && second != 'O')) {
            return Effect.NONE;
        }
        switch (in.toString(at, length - 1, StandardCharsets.US_ASCII)) {
            case "RESET":
                return Effect.RESET;
            case "DO":
                return Effect.SETTING;
            case "COMMIT":
                return Effect.COMMIT;
            case "ROLLBACK":
                return Effect.ROLLBACK;
            case "DISCARD ALL":
                return Effect.DISCARD_ALL;
            case "DISCARD SEQUENCES":
                return Effect.DISCARD_SEQUENCES;
            case "DEALLOCATE ALL":
                return Effect.DEALLOCATE_ALL;
            default:
                return Effect.NONE;
        }
    }
}
