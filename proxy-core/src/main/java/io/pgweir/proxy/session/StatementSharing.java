package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.ParseContext;
import io.pgweir.proxy.backend.PreparedStatement;
import io.pgweir.proxy.backend.StatementRegistry;

/**
 * Which statement stands for one that the client prepared: the shared one if everything that PostgreSQL reads its text by is
 * known, else one of the client's own, so that nobody else gets what only this client has asked for. On the session's loop.
 */
final class StatementSharing {
    private final ClientSession session;
    private final StatementRegistry registry;

    StatementSharing(ClientSession session) {
        this.session = session;
        this.registry = session.pool().statements();
    }

    /** Names for the client's statements; none yet. */
    ClientStatements names() {
        return new ClientStatements(session.pool().settings().clientStatementLimit(), registry.budget());
    }

    /** For a Parse with this body, which is about to be sent or answered. */
    PreparedStatement parsed(ByteBuf in, int at, int length) {
        return isInDoubt() ? registry.unshared(in, at, length) : registry.intern(in, at, length, context());
    }

    /**
     * The one to use on {@code backend} for what the client calls {@code named}. A shared one that is there already was
     * prepared as the client did; if it is not there it may only be prepared while the client is as it was then.
     */
    PreparedStatement toUse(BackendConnection backend, PreparedStatement named) {
        PreparedStatement shared = named.original();
        if (!shared.isShared() || backend.statements().has(shared)) {
            return shared;
        }
        if (shared.fits(context()) && !isInDoubt()) {
            return shared;
        }
        return named == shared ? registry.copy(shared) : named;
    }

    private ParseContext context() {
        return session.lease().settings().parseContext();
    }

    private boolean isInDoubt() {
        return session.lease().settings().isDoubtful()
                || session.lease().state().mayHideNames();
    }
}
