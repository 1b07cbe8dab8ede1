package io.pgweir.proxy.session;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A database with what {@link WireProgram}s expect in it, and the transcripts that PostgreSQL itself gives there. */
final class ProgramDatabase implements AutoCloseable {
    private final RealPostgres postgres;
    private final String name;
    private final WireClient direct;
    private final Map<WireProgram, List<String>> transcripts = new HashMap<>();

    private ProgramDatabase(RealPostgres postgres, String name, WireClient direct) {
        this.postgres = postgres;
        this.name = name;
        this.direct = direct;
    }

    static ProgramDatabase create(RealPostgres postgres) throws IOException, SQLException {
        String name = postgres.createDatabase();
        WireClient direct = login(postgres, name);
        direct.query(
                "CREATE TABLE pairs (id int PRIMARY KEY, v text); CREATE TABLE copied (a int, b text); CREATE TABLE late (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
        return new ProgramDatabase(postgres, name, direct);
    }

    static List<WireProgram> programs() {
        List<WireProgram> all = new ArrayList<>();
        all.addAll(SimplePrograms.all());
        all.addAll(ExtendedPrograms.all());
        all.addAll(StatementPrograms.all());
        all.addAll(DeallocatePrograms.all());
        all.addAll(TransactionPrograms.all());
        all.addAll(CopyPrograms.all());
        return all;
    }

    String name() {
        return name;
    }

    /** What every program finds at its start. */
    void reset() throws IOException {
        String done = direct.query("DELETE FROM copied; DELETE FROM pairs;"
                + " INSERT INTO pairs VALUES (1, 'one'), (2, 'two'), (3, 'three')");
        if (!done.endsWith("Z[I]") || done.contains("E[")) {
            throw new IllegalStateException(done);
        }
    }

    /** What PostgreSQL answers; asked once. */
    List<String> transcript(WireProgram program) throws IOException {
        List<String> known = transcripts.get(program);
        if (known == null) {
            reset();
            try (WireClient client = login(postgres, name)) {
                known = program.run(client, WireProgram.Sender.AT_ONCE);
            }
            transcripts.put(program, known);
        }
        return known;
    }

    private static WireClient login(RealPostgres postgres, String name) throws IOException {
        @Nullable String password = postgres.superuserPassword();
        return WireClient.login(postgres.host(), postgres.port(), name, postgres.superuser(), password);
    }

    @Override
    public void close() throws IOException, SQLException {
        direct.close();
        postgres.dropDatabase(name);
    }
}
