package io.pgweir.proxy.settings;

import io.pgweir.proxy.hba.HbaParser;
import io.pgweir.proxy.hba.HbaRule;
import io.pgweir.proxy.hba.HbaRules;
import io.pgweir.proxy.hba.LocalNetworks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Puts together who may come in, and finds what is wrong with that and between those values. */
final class AuthChecks {
    private static final String PARAMETER = "$1";
    private static final String MAINTENANCE_DATABASE = "postgres";

    private final Values values;
    private final Problems problems;

    AuthChecks(Values values, Problems problems) {
        this.values = values;
        this.problems = problems;
    }

    // ---- all clients

    /**
     * @param tls TLS to clients
     * @param users those of the file
     */
    AccessSettings access(ListenerTls tls, Map<String, UserConfig> users) {
        HbaRules hba = hba();
        if (hba != null) {
            certificates(hba, tls);
            if (values.find(Settings.CLIENT_AUTH) != null) {
                problems.note(
                        values.where(Settings.CLIENT_AUTH), "client_auth has no effect: auth_hba_file says it instead");
            }
        } else {
            hashes(users);
        }
        return new AccessSettings(
                hba,
                values.get(AuthSettings.MAX_USER_CLIENTS),
                values.get(AuthSettings.MAX_DB_CLIENTS),
                users.values().stream()
                        .filter(user -> user.maxClients() != null)
                        .collect(Collectors.toMap(UserConfig::name, UserConfig::maxClients)),
                values.get(AuthSettings.FAILED_LOGIN_LIMIT));
    }

    private @Nullable HbaRules hba() {
        String named = values.find(AuthSettings.AUTH_HBA_FILE);
        if (named == null) {
            return null;
        }
        try {
            return HbaParser.read(Path.of(named), new Reporting(), LocalNetworks.ofThisMachine());
        } catch (IOException e) {
            problems.add(values.where(AuthSettings.AUTH_HBA_FILE), String.valueOf(e.getMessage()));
            return null;
        }
    }

    private void certificates(HbaRules hba, ListenerTls tls) {
        for (HbaRule rule : hba.rules()) {
            if (rule.asksForCertificate() && tls.clientRoots() == null) {
                problems.add(
                        rule.where(),
                        "this line looks at certificates of clients: name the file with their roots as tls_ca, and"
                                + " tls_cert and tls_key");
            }
        }
    }

    /** With client_auth scram nobody could ever log in as such a user. */
    private void hashes(Map<String, UserConfig> users) {
        if (values.get(Settings.CLIENT_AUTH) != ClientAuth.SCRAM) {
            return;
        }
        for (UserConfig user : users.values()) {
            if (StoredPassword.of(user.password()) instanceof StoredPassword.Md5) {
                problems.add(
                        values.where(Settings.CLIENT_AUTH).equals("default")
                                ? Settings.CLIENT_AUTH.flag()
                                : values.where(Settings.CLIENT_AUTH),
                        "client_auth is scram, and the password of user '" + user.name()
                                + "' is an MD5 hash, which SCRAM"
                                + " cannot be done with: choose client_auth md5, or store a SCRAM verifier");
            }
        }
    }

    private final class Reporting implements HbaParser.Surroundings {
        @Override
        public String text(Path file) throws IOException {
            try {
                return SecretFiles.read(file);
            } catch (BadValue e) {
                throw new IOException(e.getMessage(), e);
            }
        }

        @Override
        public void problem(String where, String message) {
            problems.add(where, message);
        }

        @Override
        public void note(String where, String message) {
            problems.note(where, message);
        }
    }

    // ---- one database

    /**
     * How this database is asked for passwords; null: it is not.
     *
     * @param where where the database stands
     * @param backendDatabase its name on the server; null: any
     * @param owner the user of its URL, or null
     * @param ownPassword that user's
     */
    @Nullable
    AuthQuerySettings query(
            String where,
            @Nullable String backendDatabase,
            @Nullable String owner,
            @Nullable Secret ownPassword,
            Map<String, UserConfig> users) {
        String user = values.find(AuthSettings.AUTH_USER);
        String query = values.find(AuthSettings.AUTH_QUERY);
        if (query != null && !query.contains(PARAMETER)) {
            problems.add(
                    values.where(AuthSettings.AUTH_QUERY),
                    "auth_query has no $1, which stands for the name of the user: write it without quotation marks, as in"
                            + " SELECT name, password FROM pgweir.lookup($1)");
        }
        if (user == null) {
            for (Setting<?> other :
                    List.of(AuthSettings.AUTH_QUERY, AuthSettings.AUTH_PASSWORD, AuthSettings.AUTH_PASSWORD_FILE)) {
                if (values.find(other) != null) {
                    problems.add(values.where(other), other.name() + " needs auth_user, the role that asks");
                }
            }
            return null;
        }
        Secret password = password();
        String unlike = StoredPassword.problem(password);
        if (unlike != null) {
            Setting<?> source = values.find(AuthSettings.AUTH_PASSWORD) == null
                    ? AuthSettings.AUTH_PASSWORD_FILE
                    : AuthSettings.AUTH_PASSWORD;
            problems.add(values.where(source), source.name() + ": " + unlike);
        }
        if (password == null && user.equals(owner)) {
            password = ownPassword;
        }
        UserConfig known = users.get(user);
        if (password == null && known != null) {
            password = known.password();
        }
        if (StoredPassword.of(password) instanceof StoredPassword.Verifier) {
            problems.add(
                    where,
                    "auth_user '" + user + "' has a SCRAM verifier only, with which pgweir cannot log in: give its"
                            + " password as auth_password or auth_password_file");
        }
        String database = values.find(AuthSettings.AUTH_DBNAME);
        String own = backendDatabase == null ? MAINTENANCE_DATABASE : backendDatabase;
        return new AuthQuerySettings(
                user,
                password,
                database == null ? own : database,
                query == null ? AuthQuerySettings.DEFAULT_QUERY : query,
                values.get(AuthSettings.AUTH_QUERY_TTL));
    }

    private @Nullable Secret password() {
        String text = values.find(AuthSettings.AUTH_PASSWORD);
        String file = values.find(AuthSettings.AUTH_PASSWORD_FILE);
        int ofText = values.rank(AuthSettings.AUTH_PASSWORD);
        int ofFile = values.rank(AuthSettings.AUTH_PASSWORD_FILE);
        if (text != null && file != null && ofText == ofFile) {
            problems.add(
                    values.where(AuthSettings.AUTH_PASSWORD_FILE),
                    "auth_password_file contradicts auth_password (" + values.where(AuthSettings.AUTH_PASSWORD)
                            + "): keep one of them");
        }
        if (file == null || ofText < ofFile) {
            return text == null ? null : new Secret(text);
        }
        try {
            return new Secret(SecretFiles.readLine(Path.of(file)));
        } catch (BadValue e) {
            problems.add(values.where(AuthSettings.AUTH_PASSWORD_FILE), String.valueOf(e.getMessage()));
            return null;
        }
    }
}
