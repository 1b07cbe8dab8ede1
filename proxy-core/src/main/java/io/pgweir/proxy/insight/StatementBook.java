package io.pgweir.proxy.insight;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.Fingerprinter;
import io.pgweir.protocol.sql.QueryTags;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The readable forms of statements by their fingerprints; the ones used last are kept. One thread. */
public final class StatementBook {
    static final int LONGEST_TEXT = 80;
    private static final int MOST_TEXTS = 500;

    private final Fingerprinter fingerprinter = new Fingerprinter();
    private final Map<Long, String> texts = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, String> eldest) {
            return size() > MOST_TEXTS;
        }
    };

    /** A statement that is there as a whole. */
    public StatementView read(ByteBuf sql, int from, int to, boolean standardStrings) {
        return view(sql, from, to, standardStrings, QueryTags.label(sql, from, to, standardStrings));
    }

    /** A statement of which only the beginning is there, and the end, where its comment may be. */
    public StatementView read(ByteBuf sql, int from, int to, int endFrom, int endTo, boolean standardStrings) {
        String tag = QueryTags.label(sql, from, to, standardStrings);
        return view(sql, from, to, standardStrings, tag != null ? tag : QueryTags.labelAtEnd(sql, endFrom, endTo));
    }

    private StatementView view(ByteBuf sql, int from, int to, boolean standardStrings, @Nullable String tag) {
        long fingerprint = fingerprinter.hash(sql, from, to, standardStrings);
        String text = texts.get(fingerprint);
        if (text == null) {
            text = fingerprinter.text(sql, from, to, standardStrings, LONGEST_TEXT);
            texts.put(fingerprint, text);
        }
        return new StatementView(fingerprint, text, tag);
    }
}
