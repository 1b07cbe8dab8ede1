package io.pgweir.proxy.settings;

/** The shape of a log line. */
public enum LogFormat {
    /** One readable line per event. */
    TEXT,
    /** One JSON object per event. */
    JSON;

    /** The value as people write it in flags, files and URLs. */
    public String text() {
        return Choices.text(this);
    }
}
