package io.pgweir.proxy.state;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** The objects that pieces of state are made of: roles, schemas, functions that run whatever they are told. */
final class StateDatabase {
    private StateDatabase() {}

    static void prepare(Connection superuser) throws SQLException {
        try (Statement statement = superuser.createStatement()) {
            for (String role : new String[] {"state_one", "state_two"}) {
                statement.execute("DO $$ BEGIN CREATE ROLE " + role
                        + "; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$");
            }
            statement.execute("GRANT state_two TO state_one");
            statement.execute("""
                    CREATE SCHEMA "odd schema";
                    CREATE TABLE whoami AS SELECT 'public'::text AS v;
                    CREATE TABLE "odd schema".whoami AS SELECT 'odd'::text AS v;
                    GRANT USAGE ON SCHEMA "odd schema" TO PUBLIC;
                    GRANT SELECT ON whoami, "odd schema".whoami TO PUBLIC;
                    CREATE SEQUENCE state_seq;
                    CREATE TABLE state_serial (id serial, v text);
                    CREATE FUNCTION state_run(command text) RETURNS void LANGUAGE plpgsql AS
                        'BEGIN EXECUTE command; END';
                    CREATE PROCEDURE state_call(command text) LANGUAGE plpgsql AS
                        'BEGIN EXECUTE command; END'""");
        }
    }
}
