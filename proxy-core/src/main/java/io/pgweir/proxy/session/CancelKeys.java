package io.pgweir.proxy.session;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The keys by which clients cancel. They are pgweir's own, never a server's; only in session mode the process id is that
 * of the backend. Thread-safe.
 */
final class CancelKeys {
    /** What BackendKeyData told a client. */
    static final class Key {
        private final int pid;
        private final byte[] secret;
        private final CancelTarget target;

        private Key(int pid, byte[] secret, CancelTarget target) {
            this.pid = pid;
            this.secret = secret;
            this.target = target;
        }

        int pid() {
            return pid;
        }

        byte[] secret() {
            return secret;
        }
    }

    private static final int SECRET_3_0 = 4;
    private static final int SECRET_3_2 = 32;

    private final SecureRandom random = new SecureRandom();
    private final Map<Integer, Key[]> keys = new ConcurrentHashMap<>();

    /** A key with a process id of its own. */
    Key issue(CancelTarget target, boolean longSecret) {
        while (true) {
            int pid = random.nextInt(1, Integer.MAX_VALUE);
            Key key = new Key(pid, secret(longSecret), target);
            if (keys.putIfAbsent(pid, new Key[] {key}) == null) {
                return key;
            }
        }
    }

    /** A key with the process id of the session's backend. */
    Key issue(CancelTarget target, boolean longSecret, int pid) {
        Key key = new Key(pid, secret(longSecret), target);
        keys.merge(pid, new Key[] {key}, (old, added) -> {
            Key[] both = java.util.Arrays.copyOf(old, old.length + 1);
            both[old.length] = key;
            return both;
        });
        return key;
    }

    void withdraw(Key key) {
        keys.computeIfPresent(key.pid, (pid, old) -> {
            Key[] rest =
                    java.util.Arrays.stream(old).filter(other -> other != key).toArray(Key[]::new);
            return rest.length == 0 ? null : rest;
        });
    }

    /** Whoever this key belongs to, or null. */
    @Nullable
    CancelTarget find(int pid, byte[] secret) {
        Key[] candidates = keys.get(pid);
        CancelTarget found = null;
        if (candidates != null) {
            for (Key key : candidates) {
                if (MessageDigest.isEqual(key.secret, secret)) {
                    found = key.target;
                }
            }
        }
        return found;
    }

    private byte[] secret(boolean longSecret) {
        byte[] secret = new byte[longSecret ? SECRET_3_2 : SECRET_3_0];
        random.nextBytes(secret);
        return secret;
    }
}
