package io.pgweir.proxy.breaker;

import io.pgweir.proxy.backend.BackendFailure;

/** Which failures say something of a server, and not of one login, one statement or pgweir's own queue. */
final class Evidence {
    private Evidence() {}

    /** A connect or login that has failed: did the server fail, or has it answered, though with a no? */
    static boolean ofConnect(BackendFailure failure) {
        return switch (failure.kind()) {
            case UNREACHABLE, TIMED_OUT, TEMPORARY -> true;
            case UNPROTECTED, REFUSED, BAD_SETTINGS, OWN_LIMIT, UNFIT, LOST, DESYNCHRONISED -> false;
        };
    }

    /**
     * A connection that has broken. Without words of the server's it was reset; with words it depends: shutdown and crash
     * (57P01 to 57P03) and the server's own files (class 58) count, an idle limit does not.
     */
    static boolean ofLoss(BackendFailure failure) {
        String code = failure.sqlState();
        if (failure.kind() != BackendFailure.Kind.LOST) {
            return false;
        }
        return code == null
                || code.equals("57P01")
                || code.equals("57P02")
                || code.equals("57P03")
                || code.startsWith("58");
    }
}
