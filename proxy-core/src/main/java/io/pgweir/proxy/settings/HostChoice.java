package io.pgweir.proxy.settings;

/**
 * Which of the hosts of a database are used.
 *
 * @param target what a server must be
 * @param balance which of several that are
 */
public record HostChoice(TargetSessionAttrs target, LoadBalanceHosts balance) {
    /** The first that can be connected to. */
    public static final HostChoice FIRST = new HostChoice(TargetSessionAttrs.ANY, LoadBalanceHosts.DISABLE);
}
