package io.pgweir.cli;

/** The exit codes of {@code pgweir}. */
final class ExitCode {
    static final int OK = 0;
    /** It could not start, or failed while running. */
    static final int FAILED = 1;
    /** Wrong usage or configuration; nothing was started. */
    static final int WRONG_INPUT = 2;

    private ExitCode() {}
}
