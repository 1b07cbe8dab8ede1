package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The content of an ErrorResponse or NoticeResponse. Every field may be absent, because servers of all ages and other
 * proxies leave some out; what this module builds always has severity, code and message.
 *
 * @param fields the fields that are present
 */
public record ErrorFields(Map<ErrorField, String> fields) {
    public ErrorFields {
        Map<ErrorField, String> copy = new EnumMap<>(ErrorField.class);
        copy.putAll(fields);
        fields = Collections.unmodifiableMap(copy);
    }

    /** An error that leaves the session usable. */
    public static ErrorFields error(SqlState state, String message) {
        return notice("ERROR", state, message);
    }

    /** An error after which the sender closes the connection. */
    public static ErrorFields fatal(SqlState state, String message) {
        return notice("FATAL", state, message);
    }

    /** Any severity: WARNING, NOTICE, INFO, LOG or DEBUG for a NoticeResponse. */
    public static ErrorFields notice(String severity, SqlState state, String message) {
        Map<ErrorField, String> fields = new EnumMap<>(ErrorField.class);
        fields.put(ErrorField.SEVERITY, severity);
        fields.put(ErrorField.SEVERITY_NONLOCALIZED, severity);
        fields.put(ErrorField.CODE, state.code());
        fields.put(ErrorField.MESSAGE, message);
        return new ErrorFields(fields);
    }

    /** The same as the last message before the sender closes the connection. */
    public ErrorFields asFatal() {
        return with(ErrorField.SEVERITY, "FATAL").with(ErrorField.SEVERITY_NONLOCALIZED, "FATAL");
    }

    public ErrorFields withDetail(String detail) {
        return with(ErrorField.DETAIL, detail);
    }

    public ErrorFields withHint(String hint) {
        return with(ErrorField.HINT, hint);
    }

    /** The source routine; some drivers act on it (FetchPreparedStatement makes them prepare again). */
    public ErrorFields withRoutine(String routine) {
        return with(ErrorField.ROUTINE, routine);
    }

    public ErrorFields with(ErrorField field, String value) {
        Map<ErrorField, String> copy = new EnumMap<>(ErrorField.class);
        copy.putAll(fields);
        copy.put(field, value);
        return new ErrorFields(copy);
    }

    public @Nullable String get(ErrorField field) {
        return fields.get(field);
    }

    /** The untranslated severity; the translated one from a server older than 9.6. */
    public @Nullable String severity() {
        String severity = get(ErrorField.SEVERITY_NONLOCALIZED);
        return severity != null ? severity : get(ErrorField.SEVERITY);
    }

    /** The SQLSTATE. */
    public @Nullable String code() {
        return get(ErrorField.CODE);
    }

    public @Nullable String message() {
        return get(ErrorField.MESSAGE);
    }

    public @Nullable String detail() {
        return get(ErrorField.DETAIL);
    }

    public @Nullable String hint() {
        return get(ErrorField.HINT);
    }

    public @Nullable String routine() {
        return get(ErrorField.ROUTINE);
    }

    /**
     * Reads what is there, and never fails: unknown fields are skipped, of a repeated field the last one counts, a missing
     * terminator ends the last field, and bytes past {@link Limits#ERROR_RESPONSE} are not looked at. Consumes the body.
     */
    public static ErrorFields decode(ByteBuf body) {
        Map<ErrorField, String> fields = new EnumMap<>(ErrorField.class);
        int at = body.readerIndex();
        int end = at + Math.min(body.readableBytes(), Limits.ERROR_RESPONSE);
        while (at < end && body.getByte(at) != 0) {
            int start = at + 1;
            int zero = body.indexOf(start, end, (byte) 0);
            int stop = zero < 0 ? end : zero;
            ErrorField field = ErrorField.of(body.getByte(at));
            if (field != null) {
                fields.put(field, body.toString(start, stop - start, StandardCharsets.UTF_8));
            }
            at = stop + 1;
        }
        body.readerIndex(body.writerIndex());
        return new ErrorFields(fields);
    }

    /** Appends these fields as an ErrorResponse; see {@link BackendWriter#notice} for the other message. */
    public void encode(ByteBuf buf) {
        BackendWriter.error(buf, this);
    }
}
