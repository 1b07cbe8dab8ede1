package io.pgweir.protocol.wire;

/**
 * Type bytes of the messages a server sends (protocol chapter "Message Formats", those marked B).
 */
public final class BackendType {
    public static final byte AUTHENTICATION = 'R';
    public static final byte BACKEND_KEY_DATA = 'K';
    public static final byte BIND_COMPLETE = '2';
    public static final byte CLOSE_COMPLETE = '3';
    public static final byte COMMAND_COMPLETE = 'C';
    public static final byte COPY_DATA = 'd';
    public static final byte COPY_DONE = 'c';
    public static final byte COPY_IN_RESPONSE = 'G';
    public static final byte COPY_OUT_RESPONSE = 'H';
    public static final byte COPY_BOTH_RESPONSE = 'W';
    public static final byte DATA_ROW = 'D';
    public static final byte EMPTY_QUERY_RESPONSE = 'I';
    public static final byte ERROR_RESPONSE = 'E';
    public static final byte FUNCTION_CALL_RESPONSE = 'V';
    public static final byte NEGOTIATE_PROTOCOL_VERSION = 'v';
    public static final byte NO_DATA = 'n';
    public static final byte NOTICE_RESPONSE = 'N';
    public static final byte NOTIFICATION_RESPONSE = 'A';
    public static final byte PARAMETER_DESCRIPTION = 't';
    public static final byte PARAMETER_STATUS = 'S';
    public static final byte PARSE_COMPLETE = '1';
    public static final byte PORTAL_SUSPENDED = 's';
    public static final byte READY_FOR_QUERY = 'Z';
    public static final byte ROW_DESCRIPTION = 'T';

    private BackendType() {}

    /** Whether the protocol defines this type in this direction. */
    public static boolean isKnown(byte type) {
        return switch (type) {
            case AUTHENTICATION,
                    BACKEND_KEY_DATA,
                    BIND_COMPLETE,
                    CLOSE_COMPLETE,
                    COMMAND_COMPLETE,
                    COPY_DATA,
                    COPY_DONE,
                    COPY_IN_RESPONSE,
                    COPY_OUT_RESPONSE,
                    COPY_BOTH_RESPONSE,
                    DATA_ROW,
                    EMPTY_QUERY_RESPONSE,
                    ERROR_RESPONSE,
                    FUNCTION_CALL_RESPONSE,
                    NEGOTIATE_PROTOCOL_VERSION,
                    NO_DATA,
                    NOTICE_RESPONSE,
                    NOTIFICATION_RESPONSE,
                    PARAMETER_DESCRIPTION,
                    PARAMETER_STATUS,
                    PARSE_COMPLETE,
                    PORTAL_SUSPENDED,
                    READY_FOR_QUERY,
                    ROW_DESCRIPTION -> true;
            default -> false;
        };
    }

    /** The protocol's own name of the message, for logs and errors; unknown types give their value in hexadecimal. */
    public static String nameOf(byte type) {
        return switch (type) {
            case AUTHENTICATION -> "Authentication";
            case BACKEND_KEY_DATA -> "BackendKeyData";
            case BIND_COMPLETE -> "BindComplete";
            case CLOSE_COMPLETE -> "CloseComplete";
            case COMMAND_COMPLETE -> "CommandComplete";
            case COPY_DATA -> "CopyData";
            case COPY_DONE -> "CopyDone";
            case COPY_IN_RESPONSE -> "CopyInResponse";
            case COPY_OUT_RESPONSE -> "CopyOutResponse";
            case COPY_BOTH_RESPONSE -> "CopyBothResponse";
            case DATA_ROW -> "DataRow";
            case EMPTY_QUERY_RESPONSE -> "EmptyQueryResponse";
            case ERROR_RESPONSE -> "ErrorResponse";
            case FUNCTION_CALL_RESPONSE -> "FunctionCallResponse";
            case NEGOTIATE_PROTOCOL_VERSION -> "NegotiateProtocolVersion";
            case NO_DATA -> "NoData";
            case NOTICE_RESPONSE -> "NoticeResponse";
            case NOTIFICATION_RESPONSE -> "NotificationResponse";
            case PARAMETER_DESCRIPTION -> "ParameterDescription";
            case PARAMETER_STATUS -> "ParameterStatus";
            case PARSE_COMPLETE -> "ParseComplete";
            case PORTAL_SUSPENDED -> "PortalSuspended";
            case READY_FOR_QUERY -> "ReadyForQuery";
            case ROW_DESCRIPTION -> "RowDescription";
            default -> String.format("unknown (0x%02x)", type & 0xff);
        };
    }
}
