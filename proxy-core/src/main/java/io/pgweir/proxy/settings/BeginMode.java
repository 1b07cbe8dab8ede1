package io.pgweir.proxy.settings;

/** What happens to a BEGIN that stands alone. */
public enum BeginMode {
    /** Answered by the proxy, and sent to the backend together with the first real statement. */
    DEFER,
    /** Forwarded at once, which needs a backend at once. */
    FORWARD;

    /** The value as people write it in flags, files and URLs. */
    public String text() {
        return Choices.text(this);
    }
}
