package io.pgweir.protocol.wire;

/**
 * Every bound of the protocol module. Lengths are in bytes. Those named after PostgreSQL are its own, so that what one
 * server takes the other takes too; the rest are this module's, and say why.
 */
public final class Limits {
    /** Startup packet without its length word (MAX_STARTUP_PACKET_LENGTH in libpq/pqcomm.h). */
    public static final int STARTUP_PACKET = 10_000;
    /** Length word of messages without user data (PQ_SMALL_MESSAGE_LIMIT in libpq/libpq.h). */
    public static final int SMALL_MESSAGE = 10_000;
    /** Length word of messages with user data (PQ_LARGE_MESSAGE_LIMIT: MaxAllocSize - 1, a little below 1 GB). */
    public static final int LARGE_MESSAGE = 0x3fff_fffe;
    /** Length word of a message of a client that has not logged in (PG_MAX_AUTH_TOKEN_LENGTH in libpq/auth.h). */
    public static final int PREAUTH_MESSAGE = 65_535;
    /** Length word of a client's SASL message (PG_MAX_SASL_MESSAGE_LENGTH in libpq/sasl.h). */
    public static final int SASL_MESSAGE = 1024;

    /** Shortest cancel key (protocol 3.0 knows no other length). */
    public static final int CANCEL_KEY_MIN = 4;
    /** Longest cancel key (protocol 3.2, BackendKeyData). */
    public static final int CANCEL_KEY_MAX = 256;

    /** Names of users, databases and SQL identifiers (NAMEDATALEN - 1). */
    public static final int NAME = 63;
    /** Counts of parameters, columns and format codes are unsigned 16 bit words. */
    public static final int COUNT = 65_535;

    /**
     * Most settings in one startup {@code options} string. PostgreSQL has none besides the packet's; this is more than it
     * has parameters, and keeps a login's work small.
     */
    public static final int STARTUP_OPTIONS = 1_000;

    /** Total body of an ErrorResponse or NoticeResponse that is gathered and decoded; a longer one is decoded so far. */
    public static final int ERROR_RESPONSE = 65_536;

    /**
     * All that a server may send until it is ready for queries: a dozen parameters and perhaps some notices of login triggers.
     */
    public static final int LOGIN_BYTES = 1 << 20;
    /** Names and values of all parameters that a server reports; PostgreSQL reports about 15 short ones. */
    public static final int REPORTED_PARAMETERS = 1 << 20;
    /** RowDescription: as many columns as can be counted, each with the longest name there is and what belongs to it. */
    public static final int ROW_DESCRIPTION = COUNT * (NAME + 1 + 18) + 7;
    /** All rows of one answer that is gathered, because this module's user has asked for it and not a client. */
    public static final int GATHERED_ROWS = 16 << 20;

    /**
     * PBKDF2 iterations accepted from a server. The server chooses them, so an unbounded count is a way to burn our CPU
     * (CVE-2026-6669). PostgreSQL's default is 4096.
     */
    public static final int SCRAM_ITERATIONS = 1_000_000;
    /** Nonce accepted from a SCRAM peer, ours included; PostgreSQL sends 24 characters. */
    public static final int SCRAM_NONCE = 512;
    /** Decoded salt accepted from a server; PostgreSQL sends 16 bytes. */
    public static final int SCRAM_SALT = 256;
    /** A server's SCRAM message, checked before it is parsed. */
    public static final int SCRAM_SERVER_MESSAGE = 2_048;

    private Limits() {}
}
