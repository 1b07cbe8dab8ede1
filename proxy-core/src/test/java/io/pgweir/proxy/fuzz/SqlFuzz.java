package io.pgweir.proxy.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.sql.ChannelActions;
import io.pgweir.protocol.sql.Fingerprinter;
import io.pgweir.protocol.sql.QueryTags;
import io.pgweir.protocol.sql.ReadOnlyStatement;
import io.pgweir.protocol.sql.SessionEffect;
import io.pgweir.protocol.sql.SessionEffectReader;
import io.pgweir.protocol.sql.SqlScanner;
import io.pgweir.protocol.sql.StatementKind;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything that looks at a statement's text: an answer to any bytes, the same whatever surrounds them, and no quick answer that
 * contradicts the slow one. Input: the text.
 */
public final class SqlFuzz {
    private static final Fingerprinter FINGERPRINTER = new Fingerprinter();
    private static final int LONGEST = 80;

    /** The slow answer has it of the word INSERT wherever it stands; without parentheses a SELECT inserts nothing. */
    private static final int OF_A_WORD = SessionEffect.SEQUENCE_ADVANCE.bit();

    private SqlFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        ByteBuf alone = Unpooled.wrappedBuffer(input);
        ByteBuf inside = Unpooled.buffer(input.length + 32)
                .writeBytes(new byte[] {'s', '\'', '$', '"', '/', '*', ';', ' '})
                .writeBytes(input)
                .writeBytes(
                        new byte[] {'\'', '"', '*', '/', '$', '\n', 'x', '(', ';', 0, 'n', 't', 'o', ' ', ')', ' '});
        List<Object> answers = answers(alone, 0, input.length);
        List<Object> others = answers(inside, 8, 8 + input.length);
        if (!answers.equals(others)) {
            throw new AssertionError("alone: " + answers + "\nin a buffer: " + others);
        }
        StatementKind bare = SqlScanner.bareKind(alone, 0, input.length);
        boolean runs =
                alone.indexOf(0, input.length, (byte) 0) < 0; // of a text with a zero in it PostgreSQL runs nothing
        if (bare != null && runs) {
            boolean quickIsRight = bare == SqlScanner.classify(alone, 0, input.length)
                    && SqlScanner.isSingleStatement(alone, 0, input.length, true)
                    && (new SessionEffectReader().read(alone, 0, input.length, false, true) & ~OF_A_WORD) == 0;
            if (!quickIsRight) {
                throw new AssertionError("a text is called bare and is not");
            }
        }
    }

    private static List<Object> answers(ByteBuf sql, int from, int to) {
        List<Object> answers = new ArrayList<>();
        answers.add(SqlScanner.classify(sql, from, to));
        answers.add(SqlScanner.isDeferrableBegin(sql, from, to));
        answers.add(SqlScanner.isStartTransaction(sql, from, to));
        answers.add(SqlScanner.isDeferrableSetTransaction(sql, from, to));
        answers.add(SqlScanner.isPlainCommit(sql, from, to));
        answers.add(SqlScanner.isPlainRollback(sql, from, to));
        answers.add(String.valueOf(SqlScanner.deallocateTarget(sql, from, to)));
        answers.add(String.valueOf(SqlScanner.discardTarget(sql, from, to)));
        answers.add(SqlScanner.count(sql, from, to));
        answers.add(SqlScanner.mayBeginWithSetting(sql, from, to));
        answers.add(String.valueOf(SqlScanner.prefixedSetting(sql, from, to, "pgweir.")));
        for (boolean standard : new boolean[] {true, false}) {
            int end = SqlScanner.endOfFirstStatement(sql, from, to, standard) - from;
            if (end < 0 || end > to - from) {
                throw new AssertionError("a statement that ends at " + end);
            }
            answers.add(end);
            answers.add(SqlScanner.isSingleStatement(sql, from, to, standard));
            answers.add(SqlScanner.mayCommit(sql, from, to, standard));
            answers.add(SqlScanner.resetSettings(sql, from, to, standard));
            answers.add(SqlScanner.customSettings(sql, from, to, standard));
            answers.add(String.valueOf(SqlScanner.settingChange(sql, from, to, standard)));
            answers.add(String.valueOf(ChannelActions.of(sql, from, to, standard)));
            answers.add(ReadOnlyStatement.is(sql, from, to, standard));
            answers.add(String.valueOf(QueryTags.label(sql, from, to, standard)));
            answers.add(new SessionEffectReader().read(sql, from, to, false, standard));
            answers.add(new SessionEffectReader().read(sql, from, to, true, standard));
            answers.add(FINGERPRINTER.hash(sql, from, to, standard));
            String text = FINGERPRINTER.text(sql, from, to, standard, LONGEST);
            if (text.length() > LONGEST || text.chars().anyMatch(c -> c < ' ')) {
                throw new AssertionError("not for people: " + text);
            }
            answers.add(text);
        }
        answers.add(String.valueOf(QueryTags.labelAtEnd(sql, from, to)));
        return answers;
    }
}
