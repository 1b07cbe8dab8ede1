package io.pgweir.proxy.backend;

import io.pgweir.protocol.auth.Md5Password;
import io.pgweir.protocol.auth.ScramKeys;
import io.pgweir.proxy.settings.StoredPassword;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What backends of one role log in with. Of a role whose SCRAM verifier alone is known those are the keys that a client's own login has
 * brought: they are kept in memory only, and until the verifier is another. Derived keys are kept, because deriving them costs a
 * millisecond and the salt of a role seldom changes. Thread-safe; shared by the pools of the role.
 */
public final class BackendCredentials {
    /**
     * Immutable.
     *
     * @param reported whether the database has said that this is what it has
     * @param missed whether a server has asked for something else
     */
    private record State(
            @Nullable StoredPassword stored, @Nullable Derived derived, boolean reported, boolean missed, int version) {
        State with(@Nullable StoredPassword other, @Nullable Derived keys) {
            return new State(other, keys, reported, false, version + 1);
        }

        State missing() {
            return new State(stored, derived, reported, true, version);
        }
    }

    private record Derived(byte[] salt, int iterations, ScramKeys keys) {
        boolean isFor(byte[] otherSalt, int otherIterations) {
            return iterations == otherIterations && Arrays.equals(salt, otherSalt);
        }
    }

    /** Whether what is stored stays what it is. */
    private final boolean configured;

    private volatile State state;

    private BackendCredentials(@Nullable StoredPassword stored, boolean configured) {
        this.configured = configured;
        this.state = new State(stored, null, false, false, 0);
    }

    /** What the configuration has; null: nothing. */
    public static BackendCredentials of(@Nullable StoredPassword stored) {
        return new BackendCredentials(stored, true);
    }

    /** Of a role that the configuration does not know: whatever its clients bring. */
    public static BackendCredentials broughtByClients() {
        return new BackendCredentials(null, false);
    }

    @Nullable
    StoredPassword stored() {
        return state.stored;
    }

    /**
     * A client has proved to know the password; keys are there if it has done so by SCRAM or by the password itself. A login that began
     * with what the database had before does not take the place of what it has now.
     */
    public synchronized void proved(StoredPassword by, @Nullable ScramKeys keys) {
        State before = state;
        boolean same = by.equals(before.stored);
        if (!same && (configured || before.reported)) {
            return; // it is another password that this server is logged in to with
        }
        if (by instanceof StoredPassword.Verifier verifier && keys != null) {
            Derived derived =
                    new Derived(verifier.scram().salt(), verifier.scram().iterations(), keys);
            boolean known = same && before.derived != null && !before.missed;
            state = known ? before : before.with(by, derived);
        } else if (!same) {
            state = before.with(by, null);
        }
    }

    /** The database says what it has for this role now, or that it has none: what was brought of another is forgotten. */
    public synchronized void replace(@Nullable StoredPassword now) {
        if (configured) {
            return;
        }
        State before = state;
        boolean same = now == null ? before.stored == null : now.equals(before.stored);
        State next = same ? before : before.with(now, null);
        state = new State(next.stored, next.derived, true, next.missed, next.version);
    }

    /** Another number than before if what has failed for its sake may succeed now. */
    public int version() {
        return state.version;
    }

    /** False if a server asks for what no client has brought yet: connects are of no use then. */
    public boolean suffice() {
        return !state.missed;
    }

    /** Whether there is anything to log in with: what is known of the role, and the keys if that is a verifier. */
    public boolean areComplete() {
        State now = state;
        return now.stored != null && (now.derived != null || !(now.stored instanceof StoredPassword.Verifier));
    }

    /** The keys for a server's challenge, if they are there. */
    @Nullable
    ScramKeys keysFor(byte[] salt, int iterations) {
        Derived known = state.derived;
        return known != null && known.isFor(salt, iterations) ? known.keys : null;
    }

    /** Keys that were derived of the password. */
    synchronized void remember(StoredPassword.Plain of, byte[] salt, int iterations, ScramKeys keys) {
        State before = state;
        if (of.equals(before.stored)) {
            Derived derived = new Derived(salt, iterations, keys);
            state = new State(of, derived, before.reported, before.missed, before.version);
        }
    }

    // ---- why it is not enough; each behind the server's name

    /** A server asks for a password. Null: there is what it takes, as far as can be told. */
    @Nullable
    String lacking(String user) {
        State now = state;
        if (now.stored == null && configured) {
            return "asks for the password of user \"" + user + "\", and none is configured";
        }
        boolean keyless = now.stored instanceof StoredPassword.Verifier && now.derived == null;
        if (now.stored != null && !keyless) {
            return null;
        }
        missed(now);
        return "asks for the password of user \"" + user + "\", which pgweir has only from a client that has logged in"
                + " with it (SCRAM, or method password): none has since the start of pgweir or the last change of the"
                + " password";
    }

    /** Of several servers another may still take what is there; and what a client has brought meanwhile may be the right thing. */
    private synchronized void outdated(byte[] salt, int iterations) {
        if (keysFor(salt, iterations) == null) {
            state = state.missing();
        }
    }

    private synchronized void missed(State when) {
        if (state == when) {
            state = when.missing();
        }
    }

    /** The password itself; null if it is not known. */
    @Nullable
    String cleartext() {
        return state.stored instanceof StoredPassword.Plain plain
                ? plain.password().reveal()
                : null;
    }

    /** The answer to a challenge by MD5; null if it cannot be made. */
    @Nullable
    String md5(String user, byte[] salt) {
        StoredPassword known = state.stored;
        if (known instanceof StoredPassword.Md5 md5) {
            return Md5Password.answer(md5.hash().reveal(), salt);
        }
        return known instanceof StoredPassword.Plain plain
                ? Md5Password.hash(user, plain.password().reveal(), salt)
                : null;
    }

    /** Why a method cannot be followed. */
    String unfit(String user, String asked, String advice) {
        StoredPassword known = state.stored;
        return "asks for " + asked + " of user \"" + user + "\", of whom pgweir has "
                + (known == null ? "nothing" : known.kind()) + ": " + advice;
    }

    /** Why keys do not fit the salt and the iterations that a server names. */
    String other(String user, byte[] salt, int iterations) {
        if (!configured) {
            outdated(salt, iterations);
            return "has another password of user \"" + user + "\" than pgweir knows: it has been changed, and the next"
                    + " client that logs in with the new one brings what it takes";
        }
        return "has another SCRAM verifier of user \"" + user + "\" than pgweir (the salt or the number of iterations"
                + " differs): copy it from the server's pg_authid again, or leave this user to auth_query. The same"
                + " password stored twice makes two verifiers";
    }
}
