package io.pgweir.proxy.state;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One kind of session state: how it is made, how it shows, and what pgweir does about it. */
final class StateKind {
    private final String title;
    private final List<String> statements = new ArrayList<>();
    private final List<Exchange> messages = new ArrayList<>();
    private final Map<String, String> settings = new LinkedHashMap<>();
    private Exchange probe = Exchange.query("SELECT pg_backend_pid()");
    private Handling handling = Handling.REPLAYED;
    private Handling afterDiscardAll = Handling.REPLAYED;
    private final Map<Way, Handling> exceptions = new EnumMap<>(Way.class);
    private String why = "";

    private StateKind(String title) {
        this.title = title;
    }

    static StateKind named(String title) {
        return new StateKind(title);
    }

    /** The statements that make it. */
    StateKind by(String... sql) {
        statements.addAll(List.of(sql));
        return this;
    }

    /** Made by messages of the extended protocol, not by SQL. */
    StateKind byMessages(Exchange... exchanges) {
        messages.addAll(List.of(exchanges));
        return this;
    }

    /** A setting: by {@code SET}, and by set_config. */
    StateKind set(String name, String value) {
        return setAs("SET " + name + " = '" + value.replace("'", "''") + "'", name, value);
    }

    /** A setting that has a statement of its own. */
    StateKind setAs(String sql, String name, String value) {
        settings.put(name, value);
        but(Handling.PINNED, Way.SET_CONFIG_PARAMETERS);
        return by(sql);
    }

    /** Not reported by PostgreSQL when it changes, so that a change by a function is not noticed. */
    StateKind unreported() {
        return but(Handling.LOST, Way.FUNCTION);
    }

    /** The queries whose answer shows it, or that it is not there. Asking again gives the same answer. */
    StateKind shownBy(String sql) {
        probe = Exchange.query("SELECT pg_backend_pid(); " + sql);
        return this;
    }

    /** As {@link #shownBy(String)}, by messages of the extended protocol. */
    StateKind shownBy(Sent... sent) {
        List<Sent> all = new ArrayList<>(List.of(Sent.unnamed("SELECT pg_backend_pid()")));
        all.addAll(List.of(sent));
        all.add(Sent.sync());
        probe = new Exchange(all, 1);
        return this;
    }

    /** As {@link #shownBy(String)}; the first value of the first row, if there is one, is the backend's process ID. */
    StateKind shownBy(Exchange exchange) {
        probe = exchange;
        return this;
    }

    StateKind handled(Handling usual) {
        handling = usual;
        return this;
    }

    /** Keeps the client on its backend. */
    StateKind pinned() {
        return handled(Handling.PINNED);
    }

    /** Made in one of these ways it is not handled as usual. */
    StateKind but(Handling handling, Way... ways) {
        for (Way way : ways) {
            exceptions.put(way, handling);
        }
        return this;
    }

    /** What PostgreSQL keeps of it beyond DISCARD ALL is handled like this then; by default all is as on PostgreSQL. */
    StateKind afterDiscardAll(Handling handling) {
        afterDiscardAll = handling;
        return this;
    }

    /** For the documentation. */
    StateKind because(String reason) {
        why = reason;
        return this;
    }

    String title() {
        return title;
    }

    List<String> statements() {
        return statements;
    }

    List<Exchange> messages() {
        return messages;
    }

    Map<String, String> settings() {
        return settings;
    }

    Exchange probe() {
        return probe;
    }

    /** What is expected if PostgreSQL keeps the state when it was made like this. */
    Handling handling(Way way) {
        return exceptions.getOrDefault(way, handling);
    }

    Handling usually() {
        return handling;
    }

    Handling afterDiscardAll() {
        return afterDiscardAll;
    }

    Map<Way, Handling> exceptions() {
        return exceptions;
    }

    String why() {
        return why;
    }

    List<Way> ways() {
        return List.of(Way.values()).stream().filter(way -> way.suits(this)).toList();
    }

    @Override
    public String toString() {
        return title;
    }
}
