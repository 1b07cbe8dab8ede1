package io.pgweir.proxy.backend;

/** Notices in what PostgreSQL sends that a server may be something else now. On the loop that owns the backend. */
public final class RoleReports {
    private final BackendConnection backend;
    private final BackendListener listener;

    RoleReports(BackendConnection backend, BackendListener listener) {
        this.backend = backend;
        this.listener = listener;
    }

    /**
     * A parameter is reported.
     *
     * @param idle nobody has the backend: no client has set it
     */
    void reported(String name, String value, boolean idle) {
        ServerRole before = backend.parameters().role();
        if (before == null || !ServerRole.isToldBy(name) || before.equals(before.with(name, value))) {
            return;
        }
        if (idle || ServerRole.isCertain(name)) {
            backend.parameters().role(before.with(name, value));
            listener.roleChanged(backend);
        } else {
            listener.roleDoubted(backend, false);
        }
    }

    /** The pool does not want the backend any more: whoever has it is told. On the owning loop. */
    public void mustGo(String why) {
        Attachment current = backend.attachment();
        if (current != null) {
            current.mustGo(why);
        }
    }

    /** A statement was refused because it writes. */
    void writeRefused() {
        if (backend.parameters().role() != null) {
            listener.roleDoubted(backend, true);
        }
    }
}
