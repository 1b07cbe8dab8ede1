package io.pgweir.proxy.admin;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ColumnDescription;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Puts rows into the formats that a client has asked for: none means text, one is for all columns, else one for each. */
final class RowWriter {
    private static final short BINARY = 1;

    private RowWriter() {}

    static void describe(ByteBuf out, List<Column> columns, short[] formats) {
        List<ColumnDescription> descriptions = new ArrayList<>(columns.size());
        for (int i = 0; i < columns.size(); i++) {
            descriptions.add(columns.get(i).description(format(formats, i)));
        }
        BackendWriter.rowDescription(out, descriptions);
    }

    /** @param values at least as many as there are columns; others are not sent */
    static void row(ByteBuf out, List<Column> columns, @Nullable Object[] values, short[] formats) {
        List<byte @Nullable []> fields = new ArrayList<>(columns.size());
        for (int i = 0; i < columns.size(); i++) {
            Object value = values[i];
            ColumnType type = columns.get(i).type();
            fields.add(value == null ? null : format(formats, i) == BINARY ? type.binary(value) : type.text(value));
        }
        BackendWriter.dataRow(out, fields);
    }

    private static short format(short[] formats, int column) {
        return formats.length == 0 ? 0 : formats[formats.length == 1 ? 0 : column];
    }
}
