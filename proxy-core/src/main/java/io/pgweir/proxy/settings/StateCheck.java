package io.pgweir.proxy.settings;

/** When a backend is asked, as it is given back, for state that no statement has announced. */
public enum StateCheck {
    OFF,
    /** After DO, CALL and EXECUTE, and after statements that call functions of the user's; after some of those for settings too. */
    SUSPICIOUS,
    /** Every time. */
    ALWAYS
}
