package io.pgweir.proxy.hba;

import io.pgweir.proxy.hba.HbaTokens.Token;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads a file in the form of pg_hba.conf and reports everything that is wrong with it. Not for event loops. */
public final class HbaParser {
    /** Reads files and takes what is to be said of them. */
    public interface Surroundings {
        /** @throws IOException with a sentence for people if the file cannot be read */
        String text(Path file) throws IOException;

        /** @param where {@code file:line} */
        void problem(String where, String message);

        /** Worth knowing, and no problem. */
        void note(String where, String message);
    }

    /** As in PostgreSQL. */
    private static final int DEEPEST = 10;

    /** Files that are read in place of {@code @file}, in all: two that name each other would be read without end. */
    static final int MOST_FILES = 1_000;

    private static final Set<String> INCLUDES = Set.of("include", "include_if_exists", "include_dir");
    private static final Set<String> POSTGRES_ONLY =
            Set.of("ident", "peer", "gss", "sspi", "pam", "ldap", "radius", "bsd", "oauth");
    private static final Set<String> GSS = Set.of("hostgssenc", "hostnogssenc");

    private final Path file;
    private final Surroundings surroundings;
    private final LocalNetworks networks;
    private String where = "";
    private boolean failed;
    private boolean endless;
    private int filesRead;

    private HbaParser(Path file, Surroundings surroundings, LocalNetworks networks) {
        this.file = file;
        this.surroundings = surroundings;
        this.networks = networks;
    }

    /**
     * Reads {@code file}, and files that it names by {@code @}.
     *
     * @throws IOException if the file itself cannot be read
     */
    public static HbaRules read(Path file, Surroundings surroundings, LocalNetworks networks) throws IOException {
        return new HbaParser(file, surroundings, networks).rules(surroundings.text(file));
    }

    private HbaRules rules(String text) {
        List<HbaRule> rules = new ArrayList<>();
        List<HbaTokens.Line> lines = HbaTokens.lines(text);
        for (HbaTokens.Line line : lines) {
            where = file + ":" + line.number();
            failed = false;
            endless = false;
            if (line.open()) {
                problem("a quotation mark has no second one: close it on the same line");
                continue;
            }
            HbaRule rule = rule(new Fields(line.fields()));
            if (rule != null && !failed) {
                rules.add(rule);
            }
        }
        if (lines.isEmpty()) {
            surroundings.problem(
                    file.toString(),
                    "there is no line in it, so nobody could log in: write lines as in pg_hba.conf, such as"
                            + " \"host all all all scram-sha-256\"");
        }
        return new HbaRules(rules);
    }

    private @Nullable HbaRule rule(Fields fields) {
        HbaConnection connection = connection(fields);
        if (connection == null) {
            return null;
        }
        HbaNames databases = databases(fields.next());
        HbaNames users = databases == null ? null : users(fields.next());
        if (databases == null || users == null) {
            return null; // the line ends there
        }
        HbaAddress address = new HbaAddressReader(networks, this::problem).read(fields);
        HbaMethod method = address == null ? null : method(fields);
        if (address == null || method == null) {
            return null;
        }
        ClientCertificate certificate = options(fields, connection);
        if (method == HbaMethod.CERT && connection != HbaConnection.HOSTSSL) {
            problem("method cert needs TLS: write hostssl");
        }
        if (method == HbaMethod.PASSWORD && connection != HbaConnection.HOSTSSL) {
            surroundings.note(
                    where,
                    "with method password the password itself is sent, and this line takes connections without TLS:"
                            + " write hostssl, or scram-sha-256");
        }
        return new HbaRule(where, connection, databases, users, address, method, certificate);
    }

    private @Nullable HbaConnection connection(Fields fields) {
        Token type = fields.single("connection type");
        if (type == null) {
            return null;
        }
        switch (type.text()) {
            case "host":
                return HbaConnection.HOST;
            case "hostssl":
                return HbaConnection.HOSTSSL;
            case "hostnossl":
                return HbaConnection.HOSTNOSSL;
            case "local":
                surroundings.note(where, "this line never counts: pgweir has no Unix-domain socket, only TCP");
                return null;
            default:
                problem(unknownType(type.text()));
                return null;
        }
    }

    private static String unknownType(String type) {
        if (INCLUDES.contains(type)) {
            return type + " is not supported: write the lines of that file here";
        }
        if (GSS.contains(type)) {
            return type + " is not supported, as pgweir has no GSSAPI encryption: write host, hostssl or hostnossl";
        }
        return "invalid connection type \"" + type + "\": write host, hostssl or hostnossl";
    }

    private @Nullable HbaNames databases(@Nullable List<Token> field) {
        if (field == null) {
            problem("end-of-line before database specification: name databases, or write all");
            return null;
        }
        boolean all = false;
        boolean sameUser = false;
        Set<String> names = new HashSet<>();
        for (Token token : expanded(field, file, 0)) {
            if (token.is("all")) {
                all = true;
            } else if (token.is("sameuser")) {
                sameUser = true;
            } else if (token.is("samerole") || token.is("samegroup")) {
                problem(token.text()
                        + " is not supported, as pgweir does not know the members of roles: name the users");
            } else if (token.is("replication")) {
                surroundings.note(where, "replication never fits: pgweir takes no replication connections");
            } else if (mayBeName(token)) {
                names.add(token.text());
            }
        }
        return new HbaNames(all, sameUser, names);
    }

    private @Nullable HbaNames users(@Nullable List<Token> field) {
        if (field == null) {
            problem("end-of-line before role specification: name users, or write all");
            return null;
        }
        boolean all = false;
        Set<String> names = new HashSet<>();
        for (Token token : expanded(field, file, 0)) {
            if (token.is("all")) {
                all = true;
            } else if (token.begins('+')) {
                problem("\"" + token.text() + "\" is not supported, as pgweir does not know the members of roles: name"
                        + " the users, or keep their names in a file and write @file");
            } else if (mayBeName(token)) {
                names.add(token.text());
            }
        }
        return new HbaNames(all, false, names);
    }

    private boolean mayBeName(Token token) {
        if (token.text().startsWith("/")) { // quoted or not, as in PostgreSQL
            problem("regular expressions are not supported, and what begins with / is one, in quotation marks too: name"
                    + " what \"" + token.text() + "\" stands for");
            return false;
        }
        return true;
    }

    /** With the names of files in place of {@code @file}. */
    private List<Token> expanded(List<Token> tokens, Path from, int depth) {
        List<Token> expanded = new ArrayList<>();
        for (Token token : tokens) {
            if (!token.begins('@')) {
                expanded.add(token);
            } else if (endless) {
                break; // that has been said
            } else if (depth >= DEEPEST) {
                endless = true;
                problem("\"" + token.text() + "\": files name each other more than " + DEEPEST + " levels deep");
            } else {
                expanded.addAll(included(token.text().substring(1), from, depth));
            }
        }
        return expanded;
    }

    private List<Token> included(String named, Path from, int depth) {
        if (++filesRead > MOST_FILES) {
            endless = true;
            problem("\"@" + named + "\": this is the " + MOST_FILES
                    + "th file in place of a name, and one too many: do files" + " name each other?");
            return List.of();
        }
        try {
            Path path = from.resolveSibling(named);
            List<Token> tokens = HbaTokens.lines(surroundings.text(path)).stream()
                    .flatMap(line -> line.fields().stream())
                    .flatMap(List::stream)
                    .collect(Collectors.toList());
            return expanded(tokens, path, depth + 1);
        } catch (InvalidPathException e) {
            problem("\"@" + named + "\" names no file");
        } catch (IOException e) {
            problem("\"@" + named + "\": " + e.getMessage());
        }
        return List.of();
    }

    private @Nullable HbaMethod method(Fields fields) {
        Token word = fields.single("authentication method");
        if (word == null) {
            return null;
        }
        HbaMethod method = HbaMethod.of(word.text());
        if (method == null) {
            problem((POSTGRES_ONLY.contains(word.text())
                            ? "authentication method \"" + word.text() + "\" is not supported by pgweir"
                            : "invalid authentication method \"" + word.text() + "\"")
                    + ": write scram-sha-256, md5, password, cert, trust or reject");
        }
        return method;
    }

    private ClientCertificate options(Fields fields, HbaConnection connection) {
        ClientCertificate certificate = ClientCertificate.NONE;
        for (List<Token> field = fields.next(); field != null; field = fields.next()) {
            String option = field.stream().map(Token::text).collect(Collectors.joining(","));
            int equals = option.indexOf('=');
            String name = equals < 0 ? option : option.substring(0, equals);
            String value = equals < 0 ? "" : option.substring(equals + 1);
            if (equals < 0) {
                problem("authentication option not in name=value format: \"" + option + "\"");
            } else if (!name.equals("clientcert")) {
                problem("authentication option \"" + name + "\" is not supported: the only one is"
                        + " clientcert=verify-full or verify-ca");
            } else if (connection != HbaConnection.HOSTSSL) {
                problem("clientcert can only be configured for \"hostssl\" rows: write hostssl");
            } else if (value.equals("verify-full")) {
                certificate = ClientCertificate.VERIFY_FULL;
            } else if (value.equals("verify-ca")) {
                certificate = ClientCertificate.VERIFY_CA;
            } else {
                problem("invalid value for clientcert: \"" + value + "\": write verify-full or verify-ca");
            }
        }
        return certificate;
    }

    private void problem(String message) {
        failed = true;
        surroundings.problem(where, message);
    }

    /** The fields of a line, one after the other. */
    final class Fields {
        private final List<List<Token>> fields;
        private int at;

        Fields(List<List<Token>> fields) {
            this.fields = fields;
        }

        /** Null at the end. */
        @Nullable
        List<Token> next() {
            return at < fields.size() ? fields.get(at++) : null;
        }

        /** The next, which must be one word; null after a problem. */
        @Nullable
        Token single(String what) {
            List<Token> field = next();
            if (field == null) {
                problem("end-of-line before " + what + ": a line is TYPE DATABASE USER ADDRESS METHOD [OPTIONS]");
                return null;
            }
            if (field.size() > 1) {
                problem("multiple values specified for " + what + ": write one line for each");
                return null;
            }
            return field.get(0);
        }
    }
}
