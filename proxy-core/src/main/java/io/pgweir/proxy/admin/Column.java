package io.pgweir.proxy.admin;

import io.pgweir.protocol.wire.ColumnDescription;
import java.util.ArrayList;
import java.util.List;

/**
 * One column of a SHOW command.
 *
 * @param own whether PgBouncer has none of this name; such columns stand behind the others
 */
record Column(String name, ColumnType type, boolean own) {
    private static final String INT4 = ":4";
    private static final String INT8 = ":8";
    private static final String FLOAT8 = ":f";

    /**
     * Columns by their names, one after the other; a suffix gives the type if it is not text: {@code :4} and {@code :8} are
     * integers of so many bytes, {@code :f} is a float.
     */
    static List<Column> of(String... names) {
        return parse(false, names);
    }

    /** {@code pgBouncers} columns, and others behind them. */
    static List<Column> of(List<Column> pgBouncers, String... own) {
        List<Column> all = new ArrayList<>(pgBouncers);
        all.addAll(parse(true, own));
        return List.copyOf(all);
    }

    /** Columns of a command that PgBouncer does not have. */
    static List<Column> own(String... names) {
        return parse(true, names);
    }

    private static List<Column> parse(boolean own, String... names) {
        List<Column> columns = new ArrayList<>();
        for (String name : names) {
            ColumnType type = name.endsWith(INT4)
                    ? ColumnType.INT4
                    : name.endsWith(INT8)
                            ? ColumnType.INT8
                            : name.endsWith(FLOAT8) ? ColumnType.FLOAT8 : ColumnType.TEXT;
            int end = type == ColumnType.TEXT ? name.length() : name.length() - 2;
            columns.add(new Column(name.substring(0, end), type, own));
        }
        return List.copyOf(columns);
    }

    ColumnDescription description(short format) {
        return new ColumnDescription(name, 0, (short) 0, type.oid(), type.length(), -1, format);
    }
}
