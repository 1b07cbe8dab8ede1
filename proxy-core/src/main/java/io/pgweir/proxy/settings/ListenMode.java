package io.pgweir.proxy.settings;

/** What a client's LISTEN means where clients share backends. */
public enum ListenMode {
    /** One backend of the pool listens for all of its clients. */
    MULTIPLEX,
    /** The client keeps the backend that it listens on. */
    PIN;

    /** The value as people write it in flags, files and URLs. */
    public String text() {
        return Choices.text(this);
    }
}
