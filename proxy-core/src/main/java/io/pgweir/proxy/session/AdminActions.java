package io.pgweir.proxy.session;

import io.pgweir.proxy.backend.BackendConnection;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What an administrator may do to clients by force. Any thread. */
public final class AdminActions {
    private final Sessions sessions;

    public AdminActions(Sessions sessions) {
        this.sessions = sessions;
    }

    /** Closes one client; false if there is none of this number. */
    public boolean killClient(long number) {
        ClientSession session = sessions.numbered(number);
        if (session != null) {
            session.loop().loop().execute(() -> kill(session));
        }
        return session != null;
    }

    /** Closes every client of a database; null: of any. */
    public void killClients(@Nullable String database) {
        sessions.onEach(session -> {
            if (database == null || session.pool().key().database().equals(database)) {
                kill(session);
            }
        });
    }

    private static void kill(ClientSession session) {
        if (!session.isClosed()) {
            session.closeWith(ClientError.CLIENT_KILLED.with());
        }
    }

    /** Clients of a database, null: of any, that are still there. */
    public int clients(@Nullable String database) {
        return (int) sessions.open().stream()
                .filter(session ->
                        database == null || session.pool().key().database().equals(database))
                .count();
    }

    /**
     * Takes a backend from the client that has it, cancels what runs and closes it. The client keeps its connection, unless
     * what it had there cannot be replaced. Does nothing to one that no client has.
     */
    public void killBackend(BackendConnection backend) {
        sessions.onEach(session -> {
            if (Objects.equals(session.backend(), backend) && !session.isClosed()) {
                backend.doubt(); // so that nobody gets it afterwards
                session.lease().giveUp(backend, ClientError.BACKEND_KILLED.with(), Taken.KILLED);
            }
        });
    }
}
