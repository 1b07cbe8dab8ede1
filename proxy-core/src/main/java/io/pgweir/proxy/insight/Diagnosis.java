package io.pgweir.proxy.insight;

/**
 * What has been found out about a pool that clients wait for in vain. Texts are on one line and hold no values of statements.
 *
 * @param cause why
 * @param summary who holds the connections, the cause in words, and the incident, at most {@link #LONGEST_SUMMARY} characters
 * @param detail the same at length
 * @param hint the one change most likely to help
 * @param incident where it is kept
 */
public record Diagnosis(Cause cause, String summary, String detail, String hint, Incident incident) {
    /** With what goes in front of it, a message stays within 400 characters. */
    public static final int LONGEST_SUMMARY = 320;
}
