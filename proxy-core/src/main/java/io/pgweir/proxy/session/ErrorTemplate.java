package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.SqlState;
import java.util.Locale;

/**
 * What a catalogue has for one error, before there is an occasion.
 *
 * @param message with placeholders as in {@link String#format}, all of them numbered
 * @param hint what to do about it, with the same placeholders
 */
record ErrorTemplate(Severity severity, SqlState sqlState, String message, String hint) {
    /** @param constant of the catalogue; the routine field names it */
    ErrorFields of(Enum<?> constant, Object... arguments) {
        return ErrorFields.notice(severity.name(), sqlState, String.format(Locale.ROOT, message, arguments))
                .withHint(String.format(Locale.ROOT, hint, arguments))
                .withRoutine("pgweir_" + constant.name().toLowerCase(Locale.ROOT));
    }
}
