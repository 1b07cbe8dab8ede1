package io.pgweir.proxy.backend;

import org.jspecify.annotations.Nullable;

/** Who has had one backend, and what may have been left on it that it cannot be asked for. Same thread as its {@link BackendConnection}. */
public final class ClientTraces {
    private @Nullable Object hiddenSettingsOf;
    private @Nullable Object sequencesOf;
    private boolean sequencesShared;
    private @Nullable Object lastClient;

    /** The client that had it last; for the shuffle switch. */
    public @Nullable Object lastClient() {
        return lastClient;
    }

    public void lastClient(Object client) {
        lastClient = client;
    }

    /** The client whose code may have set something that is not listed, such as names with a dot; or null. */
    public @Nullable Object hiddenSettingsOf() {
        return hiddenSettingsOf;
    }

    public void hiddenSettingsOf(@Nullable Object client) {
        hiddenSettingsOf = client;
    }

    /** {@code client} works here: from now on currval and lastval may speak of its sequences as well. */
    public void sequencesUsedBy(Object client) {
        sequencesShared |= sequencesOf != null && sequencesOf != client;
        sequencesOf = client;
    }

    /** Whether currval and lastval can only speak of what {@code client} has done. */
    public boolean areSequencesOf(Object client) {
        return sequencesOf == client && !sequencesShared;
    }

    /** DISCARD SEQUENCES is being sent; what comes then is {@code client}'s, or nobody's. */
    public void sequencesDiscardedFor(@Nullable Object client) {
        sequencesOf = client;
        sequencesShared = false;
    }
}
