package io.pgweir.proxy.breaker;

import io.pgweir.proxy.backend.ServerRole;
import io.pgweir.proxy.settings.BreakerSettings;
import io.pgweir.proxy.settings.TargetSessionAttrs;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How one server stands to what a database wants of its servers: known from its last login, from what it has reported since,
 * or from a question. Thread-safe.
 *
 * <p>A server that may not be used is asked again after a pause that doubles, from {@code cooldown} to {@code
 * longestCooldown}, less up to half by chance; only one asks at a time.
 */
final class Standing {
    /** Worse ones are used only if there is no better one. */
    enum Rank {
        WANTED,
        UNKNOWN,
        /** May be used, and it is time to see whether it is better by now. */
        SECOND_CHOICE_AGAIN,
        SECOND_CHOICE,
        /** Of no use when last seen, and it is time to ask again. */
        UNFIT_AGAIN,
        NOT_NOW
    }

    private enum Fit {
        UNKNOWN,
        WANTED,
        SECOND_CHOICE,
        UNFIT
    }

    private static final long SECOND = 1_000_000_000;

    /** A question that takes longer holds nobody up, and a server that is not known after so long no better choice. */
    private static final long LONG_QUESTION_NANOS = SECOND;

    /** So long only the backend that has refused is asked: the others may not have heard of a change yet. */
    private static final long WITNESS_NANOS = SECOND / 10;

    /** A server that is only the second choice is looked at again after so long. */
    private static final long SECOND_CHOICE_NANOS = 10 * SECOND;

    /** After a doubt that was wrong, the next is looked into without haste for so long. */
    private static final long CALM_NANOS = SECOND;

    private final TargetSessionAttrs target;
    private volatile BreakerSettings settings;
    private final DoubleSupplier random;
    private volatile Fit fit = Fit.UNKNOWN;
    private volatile boolean doubted;
    private volatile boolean rumoured;
    // Guarded by this.
    private @Nullable String words;
    private boolean asked;
    private long askedAt;
    private boolean everAsked;
    private long firstAskedAt;
    private long doubtedAt;
    private long askAgainAt;
    private int refusals;
    private long calmUntil;
    private boolean calm;

    Standing(TargetSessionAttrs target, BreakerSettings settings, DoubleSupplier random) {
        this.target = target;
        this.settings = settings;
        this.random = random;
    }

    /** Asks again after other pauses from now on. */
    void settings(BreakerSettings other) {
        settings = other;
    }

    synchronized Rank rank(long now) {
        boolean free = !isBeingAsked(now);
        if (doubted) {
            return free ? Rank.UNKNOWN : Rank.NOT_NOW;
        }
        boolean due = free && now - askAgainAt >= 0;
        return switch (fit) {
            case WANTED -> Rank.WANTED;
            case UNKNOWN -> !free ? Rank.NOT_NOW : isPromising(now) ? Rank.UNKNOWN : Rank.UNFIT_AGAIN;
            case SECOND_CHOICE -> due ? Rank.SECOND_CHOICE_AGAIN : Rank.SECOND_CHOICE;
            case UNFIT -> due ? Rank.UNFIT_AGAIN : Rank.NOT_NOW;
        };
    }

    private boolean isBeingAsked(long now) {
        return asked && now - askedAt < LONG_QUESTION_NANOS;
    }

    /** It is not known yet what it is, and may be soon. */
    synchronized boolean isPromising(long now) {
        return fit == Fit.UNKNOWN && !(everAsked && now - firstAskedAt >= LONG_QUESTION_NANOS);
    }

    /** Whether connections to it may be given to clients. */
    boolean mayServe() {
        return !doubted && fit != Fit.UNFIT;
    }

    /** Whether it was of no use when last seen. */
    boolean isUnfit() {
        return fit == Fit.UNFIT;
    }

    boolean isWanted() {
        return fit == Fit.WANTED;
    }

    boolean isSecondChoice() {
        return fit == Fit.SECOND_CHOICE;
    }

    boolean isDoubted() {
        return doubted;
    }

    boolean isRumoured() {
        return rumoured;
    }

    /** What it was when last seen, in words; null if it was not. */
    synchronized @Nullable String words() {
        return words;
    }

    /** How long until {@link #rank} may be better. */
    synchronized long nanosToChange(long now) {
        return isBeingAsked(now) ? settings.cooldown().toNanos() : Math.max(0, askAgainAt - now);
    }

    // ---- questions

    /** A connect to it begins, which will tell what it is. */
    synchronized void connecting(long now) {
        if (fit != Fit.WANTED || doubted) {
            asks(now);
        }
    }

    private void asks(long now) {
        if (!everAsked) {
            everAsked = true;
            firstAskedAt = now;
        }
        asked = true;
        askedAt = now;
    }

    /**
     * True if the caller is to ask it now, and to say what came of it: {@link #is}, or {@link #unanswered}.
     *
     * @param witness whether the backend to be asked is the one that has refused
     */
    synchronized boolean takeQuestion(boolean witness, long now) {
        boolean early = doubted && !witness && now - doubtedAt < WITNESS_NANOS;
        boolean taken = (doubted || rumoured) && !early && !isBeingAsked(now);
        if (taken) {
            asks(now);
        }
        return taken;
    }

    synchronized void unanswered() {
        asked = false;
    }

    /** It may be of no use any more: nobody gets a connection to it before it is asked. False if that is known already. */
    synchronized boolean doubt(long now) {
        if (doubted || fit == Fit.UNFIT) {
            return false;
        }
        if (calm && now - calmUntil < 0) {
            rumoured = true;
            return false;
        }
        doubted = true;
        doubtedAt = now;
        asked = false; // what is under way has begun before
        return true;
    }

    /** It may be something else by now, for a client's doing as likely as not: it is asked when there is time. */
    void rumour() {
        rumoured = true;
    }

    // ---- what is found

    /**
     * It is, or was, so.
     *
     * @param askedFor when the question was asked: a doubt that came later is not answered by it
     * @return true if it may not be used any more from now on
     */
    synchronized boolean is(ServerRole role, String inWords, long askedFor, long now) {
        boolean better = target != TargetSessionAttrs.PREFER_STANDBY || role.standby();
        if (!role.fits(target)) {
            return unfit(inWords, now);
        }
        if (doubted && askedFor - doubtedAt < 0) {
            return false;
        }
        if (doubted) {
            calm = true;
            calmUntil = now + CALM_NANOS;
        }
        settled(inWords);
        refusals = 0;
        fit = better ? Fit.WANTED : Fit.SECOND_CHOICE;
        askAgainAt = now + SECOND_CHOICE_NANOS;
        return false;
    }

    /** The same for a server that has just been found to be of no use; it may never have been of any. */
    synchronized boolean unfit(String inWords, long now) {
        boolean news = fit == Fit.WANTED || fit == Fit.SECOND_CHOICE;
        settled(inWords);
        fit = Fit.UNFIT;
        long longest = settings.longestCooldown().toNanos();
        long pause = settings.cooldown().toNanos();
        for (int i = 0; i < refusals && pause < longest; i++) {
            pause *= 2;
        }
        pause = Math.min(pause, longest);
        refusals++;
        askAgainAt = now + pause - (long) (pause / 2 * random.getAsDouble());
        return news;
    }

    private void settled(String inWords) {
        words = inWords;
        asked = false;
        everAsked = false;
        doubted = false;
        rumoured = false;
    }
}
