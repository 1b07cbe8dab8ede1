package io.pgweir.proxy.backend;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Literals like {@code 'now'}, which PostgreSQL replaces at Parse by the moment of that Parse: nobody else's Parse is good
 * enough for such a text. Looks at words, not at types; a word too many costs only that the statement is not shared.
 */
final class MomentWords {
    /** Not the function {@code now()}. */
    private static final Pattern WORD =
            Pattern.compile("(?<![a-z_])(?:now|today|tomorrow|yesterday)(?![a-z_]|\\s*\\()", Pattern.CASE_INSENSITIVE);

    private MomentWords() {}

    /** @param length of the text at the beginning of {@code body} */
    static boolean areIn(byte[] body, int length) {
        String text = new String(body, 0, length, StandardCharsets.ISO_8859_1);
        return (text.indexOf('\'') >= 0 || text.indexOf('$') >= 0)
                && WORD.matcher(text).find();
    }
}
