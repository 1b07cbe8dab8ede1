package io.pgweir.proxy.settings;

/** Which of several servers that may be used is, as libpq's parameter of this name has it. */
public enum LoadBalanceHosts {
    /** The first in the order of the URL. */
    DISABLE,
    /** Each connect goes to any of them. */
    RANDOM
}
