package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.PreparedStatement;
import io.pgweir.proxy.backend.StatementChange;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** DEALLOCATE of one of a client's statements by the extended protocol, with PostgreSQL's own judgement of when it may be. */
final class Deallocation {
    private static final String DROPPED = PreparedStatement.NAME_PREFIX + "dropped";

    private Deallocation() {}

    /**
     * Sends the Parse of a DEALLOCATE. What backends have prepared is everybody's, so it names a statement made for the
     * purpose.
     */
    static StatementChange send(
            BackendConnection backend, ClientStatements own, String target, StatementChange parsed) {
        ByteBuf out = backend.toServer().append();
        FrontendWriter.close(out, (byte) 'S', DROPPED);
        backend.ledger().expectSwallowedClose();
        FrontendWriter.parse(out, DROPPED, "");
        backend.ledger().expectSwallowedParse();
        FrontendWriter.parse(out, "", "DEALLOCATE " + DROPPED);
        byte[] name = target.getBytes(StandardCharsets.UTF_8);
        PreparedStatement statement = Objects.requireNonNull(own.get(name));
        own.remove(name);
        return new StatementChange() {
            @Override
            public void completed() {
                parsed.completed();
            }

            @Override
            public void takenBack() {
                parsed.takenBack();
                own.put(name, statement);
            }
        };
    }
}
