package io.pgweir.proxy.notify;

import io.pgweir.protocol.sql.ChannelAction;
import io.pgweir.protocol.sql.ChannelAction.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What one client listens on, as PostgreSQL would have it: LISTEN and UNLISTEN count when the transaction commits and not at
 * all if it, or the savepoint around them, is rolled back.
 *
 * <pre>
 *   expected --its command tag--> pending --COMMIT--> committed
 *      | unit answered without it      | ROLLBACK [TO]
 *      v                               v
 *   forgotten                       forgotten
 * </pre>
 *
 * Not thread-safe; without I/O.
 */
public final class SubscriptionLog {
    private record Expected(ChannelAction action, int unitsBefore) {}

    private Deque<Expected> expected = new ArrayDeque<>(2);
    private final List<ChannelAction> pending = new ArrayList<>(2);
    private Set<String> committed = Set.of();
    private boolean failed;

    /**
     * A statement with these actions is being sent.
     *
     * @param unitsBefore units that will be answered before its own
     */
    public void expect(List<ChannelAction> actions, int unitsBefore) {
        actions.forEach(action -> expected.addLast(new Expected(action, unitsBefore)));
    }

    /** Whether what the client sends to end its transaction matters here. */
    public boolean isActive() {
        return !pending.isEmpty() || !expected.isEmpty();
    }

    /**
     * A command has completed.
     *
     * @param tag a tag of {@link ChannelAction.Kind}
     * @return false if it was a LISTEN or UNLISTEN that nobody expected
     */
    public boolean completed(String tag) {
        Expected head = expected.peekFirst();
        if (head != null && head.action.kind().tag().equals(tag)) {
            expected.removeFirst();
            happened(head.action);
            return true;
        }
        if (head != null && head.action.kind() == Kind.COMMIT && tag.equals(Kind.ROLLBACK.tag())) {
            expected.removeFirst(); // the transaction had failed
        }
        if (tag.equals(Kind.COMMIT.tag())) {
            commit();
        } else if (tag.equals(Kind.ROLLBACK.tag())) {
            pending.clear();
        } else {
            return !tag.equals(Kind.LISTEN.tag()) && !tag.equals(Kind.UNLISTEN.tag());
        }
        return true;
    }

    private void happened(ChannelAction action) {
        switch (action.kind()) {
            case COMMIT -> commit();
            case ROLLBACK -> pending.clear();
            case ROLLBACK_TO -> rollbackTo(action.name());
            case RELEASE -> release(action.name());
            case SAVEPOINT -> {
                if (!pending.isEmpty()) {
                    pending.add(action);
                }
            }
            default -> pending.add(action);
        }
    }

    /** The savepoint stays; one that is not here was set before the first action, so that all of them go. */
    private void rollbackTo(String name) {
        int at = lastSavepoint(name);
        pending.subList(at + 1, pending.size()).clear();
    }

    /** The savepoint goes, and those set after it; what was done since stays. */
    private void release(String name) {
        int at = Math.max(0, lastSavepoint(name));
        pending.subList(at, pending.size()).removeIf(action -> action.kind() == Kind.SAVEPOINT);
    }

    private int lastSavepoint(String name) {
        return pending.lastIndexOf(new ChannelAction(Kind.SAVEPOINT, name));
    }

    /** An error has come for a statement of the client's. */
    public void failed() {
        failed = true;
    }

    /** ReadyForQuery has come. */
    public void unitEnded(boolean outsideTransaction) {
        if (!expected.isEmpty()) {
            Deque<Expected> later = new ArrayDeque<>(2);
            for (Iterator<Expected> all = expected.iterator(); all.hasNext(); ) {
                Expected next = all.next();
                if (next.unitsBefore > 0) {
                    later.addLast(new Expected(next.action, next.unitsBefore - 1));
                }
            }
            expected = later;
        }
        if (outsideTransaction && failed) {
            pending.clear();
        } else if (outsideTransaction) {
            commit();
        }
        failed = false;
    }

    /** The backend is gone, or the transaction was rolled back behind the client's back. */
    public void abandon() {
        expected.clear();
        pending.clear();
        failed = false;
    }

    private void commit() {
        if (pending.isEmpty()) {
            return;
        }
        Set<String> next = new LinkedHashSet<>(committed);
        for (ChannelAction action : pending) {
            switch (action.kind()) {
                case LISTEN -> next.add(action.name());
                case UNLISTEN -> next.remove(action.name());
                case UNLISTEN_ALL -> next.clear();
                default -> {}
            }
        }
        pending.clear();
        committed = Collections.unmodifiableSet(next);
    }

    /** DISCARD ALL. */
    public void clear() {
        abandon();
        committed = Set.of();
    }

    /** What the client listens on. */
    public Set<String> committed() {
        return committed;
    }

    /** What it listens on or may come to listen on. */
    public Set<String> wanted() {
        if (!isActive()) {
            return committed;
        }
        Set<String> wanted = new HashSet<>(committed);
        pending.forEach(action -> addListen(action, wanted));
        expected.forEach(next -> addListen(next.action, wanted));
        return wanted;
    }

    private static void addListen(ChannelAction action, Set<String> wanted) {
        if (action.kind() == Kind.LISTEN) {
            wanted.add(action.name());
        }
    }
}
