package io.pgweir.proxy.hba;

import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The lines of one file, in their order: the first that fits decides. Immutable. */
public record HbaRules(List<HbaRule> rules) {
    public HbaRules {
        rules = List.copyOf(rules);
    }

    /**
     * The rule for a client; null: none fits.
     *
     * @param databases the names of the one that it asks for: a line that has one of them fits
     */
    public @Nullable HbaRule match(boolean encrypted, List<String> databases, String user, InetAddress client) {
        byte[] address = HbaRange.bytes(client);
        for (HbaRule rule : rules) {
            if (rule.admits(encrypted, databases, user, address)) {
                return rule;
            }
        }
        return null;
    }
}
