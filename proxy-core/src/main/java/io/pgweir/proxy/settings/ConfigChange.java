package io.pgweir.proxy.settings;

/**
 * Something that is otherwise in the configuration than in the one that is in force.
 *
 * @param of the database, user or application it is about; empty: the process, or all databases
 * @param what the setting, or the part of a database
 * @param before what is in force; secrets are never shown
 * @param after what is configured now
 * @param effect what is done about it
 */
public record ConfigChange(String of, String what, String before, String after, String effect) {
    @Override
    public String toString() {
        return (of.isEmpty() ? "" : of + ": ") + what + " " + before + " -> " + after + ": " + effect;
    }
}
