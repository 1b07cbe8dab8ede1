package io.pgweir.protocol.wire;

/**
 * One column of a RowDescription.
 *
 * @param name the column's name
 * @param tableOid the table it comes from, or 0
 * @param columnNumber its attribute number there, or 0
 * @param typeOid its data type
 * @param typeLength pg_type.typlen; negative for variable width
 * @param typeModifier pg_attribute.atttypmod; -1 for none
 * @param format 0 text, 1 binary
 */
public record ColumnDescription(
        String name, int tableOid, short columnNumber, int typeOid, short typeLength, int typeModifier, short format) {
    private static final int TEXT_OID = 25;

    /** A column of type text in text format that comes from no table. */
    public static ColumnDescription text(String name) {
        return new ColumnDescription(name, 0, (short) 0, TEXT_OID, (short) -1, -1, (short) 0);
    }
}
