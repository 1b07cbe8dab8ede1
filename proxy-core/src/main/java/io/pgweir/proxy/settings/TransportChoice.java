package io.pgweir.proxy.settings;

/** The system interface that moves bytes. */
public enum TransportChoice {
    /** The best that this machine offers. */
    AUTO,
    EPOLL,
    IO_URING,
    /** Plain Java, works everywhere. */
    NIO;

    /** The value as people write it in flags, files and URLs. */
    public String text() {
        return Choices.text(this);
    }
}
