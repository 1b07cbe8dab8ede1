package io.pgweir.proxy.session;

import io.pgweir.proxy.backend.PreparedStatement;
import io.pgweir.proxy.backend.StatementChange;

/** A name that a client has given to a statement; taken back if the Parse fails or is skipped. */
final class GivenName implements StatementChange {
    private final ClientStatements names;
    private final byte[] name;
    private final PreparedStatement statement;

    GivenName(ClientStatements names, byte[] name, PreparedStatement statement) {
        this.names = names;
        this.name = name;
        this.statement = statement;
        names.put(name, statement);
    }

    @Override
    public void takenBack() {
        PreparedStatement present = names.get(name);
        if (present != null && present.original() == statement) {
            names.remove(name);
        }
    }
}
