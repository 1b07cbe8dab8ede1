package io.pgweir.protocol.wire;

import org.jspecify.annotations.Nullable;

/** The fields of ErrorResponse and NoticeResponse (protocol chapter "Error and Notice Message Fields"), in PostgreSQL's order. */
public enum ErrorField {
    SEVERITY('S'),
    /** Severity that is never translated. */
    SEVERITY_NONLOCALIZED('V'),
    CODE('C'),
    MESSAGE('M'),
    DETAIL('D'),
    HINT('H'),
    POSITION('P'),
    INTERNAL_POSITION('p'),
    INTERNAL_QUERY('q'),
    WHERE('W'),
    SCHEMA('s'),
    TABLE('t'),
    COLUMN('c'),
    DATA_TYPE('d'),
    CONSTRAINT('n'),
    FILE('F'),
    LINE('L'),
    ROUTINE('R');

    private final byte type;

    ErrorField(char type) {
        this.type = (byte) type;
    }

    /** The byte that announces the field. */
    public byte type() {
        return type;
    }

    /** The field announced by this byte, or null: the protocol asks to ignore unknown ones. */
    public static @Nullable ErrorField of(byte type) {
        for (ErrorField field : values()) {
            if (field.type == type) {
                return field;
            }
        }
        return null;
    }
}
