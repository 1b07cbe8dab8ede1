package io.pgweir.proxy.admin;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The types of the console's columns, with PostgreSQL's OIDs and both of its formats. */
enum ColumnType {
    TEXT(25, -1) {
        @Override
        byte[] binary(Object value) {
            return text(value);
        }
    },
    INT4(23, 4) {
        @Override
        byte[] binary(Object value) {
            return ByteBuffer.allocate(4).putInt(((Number) value).intValue()).array();
        }
    },
    INT8(20, 8) {
        @Override
        byte[] binary(Object value) {
            return ByteBuffer.allocate(8).putLong(((Number) value).longValue()).array();
        }
    },
    FLOAT8(701, 8) {
        @Override
        byte[] binary(Object value) {
            return ByteBuffer.allocate(8)
                    .putDouble(((Number) value).doubleValue())
                    .array();
        }
    };

    private final int oid;
    private final short length;

    ColumnType(int oid, int length) {
        this.oid = oid;
        this.length = (short) length;
    }

    int oid() {
        return oid;
    }

    /** As in pg_type.typlen. */
    short length() {
        return length;
    }

    byte[] text(Object value) {
        return value.toString().replace('\0', '?').getBytes(StandardCharsets.UTF_8);
    }

    /** The same in PostgreSQL's binary format. */
    abstract byte[] binary(Object value);
}
