package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.ServerParameters;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client with certain startup settings is told at login.
 *
 * @param parameters for ParameterStatus
 * @param server what the server reports without such settings ({@link ServerParameters#atLogin}); null: nobody could be asked
 *     now, and what is told is corrected when the client first has a backend
 * @param generation of the pool when a server was asked
 * @param refusal if set, the login fails with it
 */
record LoginProfile(
        Map<String, String> parameters,
        @Nullable Map<String, String> server,
        int generation,
        @Nullable ErrorFields refusal) {
    static LoginProfile refused(ErrorFields error) {
        return new LoginProfile(Map.of(), null, 0, error);
    }

    /** It may be so, and may not. */
    static LoginProfile unconfirmed(Map<String, String> parameters) {
        return new LoginProfile(parameters, null, 0, null);
    }

    /** While no server has ever answered: what a current PostgreSQL says unless configured otherwise. */
    static LoginProfile assumed(String user) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("server_version", "15.0");
        parameters.put("server_encoding", "UTF8");
        parameters.put("client_encoding", "UTF8");
        parameters.put("DateStyle", "ISO, MDY");
        parameters.put("IntervalStyle", "postgres");
        parameters.put("TimeZone", "UTC");
        parameters.put("integer_datetimes", "on");
        parameters.put("standard_conforming_strings", "on");
        parameters.put("is_superuser", "off");
        parameters.put("session_authorization", user);
        parameters.put("in_hot_standby", "off");
        parameters.put("default_transaction_read_only", "off");
        return unconfirmed(parameters);
    }
}
