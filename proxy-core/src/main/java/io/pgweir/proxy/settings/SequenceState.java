package io.pgweir.proxy.settings;

/** Which clients keep their backends for the sake of currval and lastval. */
public enum SequenceState {
    /** Those that have called one of them, from then on. */
    LEARN,
    /** All, as soon as they may have advanced a sequence. */
    KEEP
}
