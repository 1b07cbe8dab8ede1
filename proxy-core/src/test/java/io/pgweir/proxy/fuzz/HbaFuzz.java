package io.pgweir.proxy.fuzz;

import io.pgweir.proxy.hba.HbaParser;
import io.pgweir.proxy.hba.HbaRange;
import io.pgweir.proxy.hba.HbaRule;
import io.pgweir.proxy.hba.HbaRules;
import io.pgweir.proxy.hba.LocalNetworks;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Any file of rules: rules, or problems that somebody can read; a line with a problem is no rule; how lines end does not matter;
 * and of several rules the first that fits decides. Input: the file, and behind a line {@code %%} what other files say.
 */
public final class HbaFuzz {
    private static final Path FILE = Path.of("/etc/pgweir/hba.conf");
    private static final String CUT = "\n%%\n";
    private static final byte[][] CLIENTS = {
        {127, 0, 0, 1}, {10, 1, 2, 3}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}
    };

    private HbaFuzz() {}

    /** What came of reading a file. */
    private static final class Reading implements HbaParser.Surroundings, LocalNetworks {
        private final String text;
        private final String others;
        private final List<String> wrong = new ArrayList<>();
        private HbaRules rules = new HbaRules(List.of());

        Reading(String text, String others) {
            this.text = text;
            this.others = others;
        }

        HbaRules read() throws IOException {
            rules = HbaParser.read(FILE, this, this);
            return rules;
        }

        @Override
        public String text(Path file) throws IOException {
            if (file.equals(FILE)) {
                return text;
            }
            if (file.toString().endsWith("missing")) {
                throw new IOException("there is no file '" + file + "'");
            }
            return others;
        }

        @Override
        public void problem(String where, String message) {
            wrong.add(where);
            readable(where, message);
        }

        @Override
        public void note(String where, String message) {
            readable(where, message);
        }

        private static void readable(String where, String message) {
            require(where.startsWith(FILE.toString()), "a problem of " + where);
            require(!message.isBlank(), "a problem without words");
        }

        @Override
        public List<HbaRange> hosts() {
            return List.of(new HbaRange(new byte[] {127, 0, 0, 1}, new byte[] {-1, -1, -1, -1}));
        }

        @Override
        public List<HbaRange> networks() {
            return List.of(new HbaRange(new byte[] {127, 0, 0, 0}, new byte[] {-1, 0, 0, 0}));
        }
    }

    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        String whole = new String(input, StandardCharsets.UTF_8);
        int cut = whole.indexOf(CUT);
        String text = cut < 0 ? whole : whole.substring(0, cut);
        String others = cut < 0 ? "" : whole.substring(cut + CUT.length());
        Reading reading = new Reading(text, others);
        HbaRules rules = reading.read();
        for (HbaRule rule : rules.rules()) {
            require(!reading.wrong.contains(rule.where()), "a rule of a line with a problem: " + rule);
        }
        require(
                !rules.rules().isEmpty() || !reading.wrong.isEmpty() || text.contains("local"),
                "neither rule nor problem");
        if (text.indexOf('\r') < 0) {
            Reading other = new Reading(text.replace("\n", "\r\n"), others);
            require(rules.equals(other.read()), "other rules with other ends of lines");
        }
        for (byte[] client : CLIENTS) {
            InetAddress address = InetAddress.getByAddress(client);
            for (boolean encrypted : new boolean[] {true, false}) {
                firstFits(rules, encrypted, address);
            }
        }
    }

    private static void firstFits(HbaRules rules, boolean encrypted, InetAddress address) {
        for (String user : new String[] {"app", "dba", ""}) {
            List<String> databases = List.of("shop", "app");
            HbaRule first = null;
            for (HbaRule rule : rules.rules()) {
                HbaRules alone = new HbaRules(List.of(rule));
                if (first == null && alone.match(encrypted, databases, user, address) != null) {
                    first = rule;
                }
            }
            require(rules.match(encrypted, databases, user, address) == first, "not the first that fits");
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
