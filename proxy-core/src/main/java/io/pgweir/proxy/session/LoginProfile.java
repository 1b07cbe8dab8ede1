package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client with certain startup settings is told at login.
 *
 * @param parameters for ParameterStatus
 * @param assumed nobody could be asked; corrected when the client first has a backend
 * @param refusal if set, the login fails with it
 */
record LoginProfile(
        Map<String, String> parameters,
        boolean assumed,
        @Nullable ErrorFields refusal) {
    static LoginProfile refused(ErrorFields error) {
        return new LoginProfile(Map.of(), true, error);
    }

    static LoginProfile confirmed(Map<String, String> parameters) {
        return new LoginProfile(parameters, false, null);
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
        return new LoginProfile(parameters, true, null);
    }
}
