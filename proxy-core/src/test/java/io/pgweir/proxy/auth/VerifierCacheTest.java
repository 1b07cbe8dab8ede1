package io.pgweir.proxy.auth;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgweir.proxy.net.Network;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.StoredPassword;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a database has said of users counts for a while, and it is not asked more than necessary. */
class VerifierCacheTest {
    private static final StoredPassword FIRST = new StoredPassword.Md5(new Secret("md5" + "0".repeat(32)));
    private static final StoredPassword SECOND = new StoredPassword.Md5(new Secret("md5" + "1".repeat(32)));

    private long now = 1;
    private final List<String> asked = new ArrayList<>();
    private final Deque<CompletableFuture<@Nullable StoredPassword>> answers = new ArrayDeque<>();
    private static final Network HERE = new Network(1);
    private static final Network THERE = new Network(2);

    private final VerifierCache cache = new VerifierCache(SECONDS.toNanos(5), () -> now, (user, urgent) -> {
        asked.add(user);
        CompletableFuture<@Nullable StoredPassword> answer = new CompletableFuture<>();
        answers.add(answer);
        return answer;
    });

    private static LookupFailed away() {
        return new LookupFailed(LookupFailed.Meaning.AWAY, "away", "");
    }

    private void pass(long millis) {
        now += MILLISECONDS.toNanos(millis);
    }

    private @Nullable StoredPassword known(String user) {
        CompletableFuture<@Nullable StoredPassword> found = cache.find(user, HERE);
        assertThat(found).as("known without asking").isDone();
        return found.join();
    }

    private CompletableFuture<@Nullable StoredPassword> ask(String user) {
        int before = asked.size();
        CompletableFuture<@Nullable StoredPassword> found = cache.find(user, HERE);
        assertThat(asked).hasSize(before + 1);
        assertThat(found).isNotDone();
        return found;
    }

    @Test
    void anAnswerCountsForItsTime() {
        CompletableFuture<@Nullable StoredPassword> first = ask("u");
        answers.remove().complete(FIRST);
        assertThat(first).isCompletedWithValue(FIRST);
        pass(4_999);
        assertThat(known("u")).isEqualTo(FIRST);
        pass(1);
        CompletableFuture<@Nullable StoredPassword> second = ask("u");
        answers.remove().complete(SECOND);
        assertThat(second).isCompletedWithValue(SECOND);
        assertThat(known("u")).isEqualTo(SECOND);
    }

    @Test
    void thatThereIsNoSuchUserCountsAsWell() {
        ask("u");
        answers.remove().complete(null);
        assertThat(known("u")).isNull();
        pass(5_000);
        ask("u");
        answers.remove().complete(FIRST);
        assertThat(known("u")).isEqualTo(FIRST);
    }

    @Test
    void whoeverWantsTheSameWaitsForTheSameAnswer() {
        List<CompletableFuture<@Nullable StoredPassword>> all = new ArrayList<>(List.of(ask("u")));
        for (int i = 0; i < 100; i++) {
            all.add(cache.find("u", HERE));
        }
        cache.find("v", HERE);
        assertThat(asked).containsExactly("u", "v");
        answers.remove().complete(FIRST);
        assertThat(all).allMatch(each -> FIRST.equals(each.getNow(null)));
    }

    @Test
    void whileTheDatabaseIsAwayTheFormerAnswerServesAndItIsNotAskedByEveryLogin() {
        ask("u");
        answers.remove().complete(FIRST);
        pass(60_000);
        CompletableFuture<@Nullable StoredPassword> old = ask("u");
        answers.remove().completeExceptionally(away());
        assertThat(old).isCompletedWithValue(FIRST);
        pass(4_999);
        assertThat(known("u")).isEqualTo(FIRST);
        pass(1);
        ask("u");
        answers.remove().complete(SECOND);
        assertThat(known("u")).isEqualTo(SECOND);
    }

    @Test
    void whoIsNotKnownIsToldThatTheDatabaseIsAway() {
        CompletableFuture<@Nullable StoredPassword> unknown = ask("u");
        answers.remove().completeExceptionally(away());
        assertThatThrownBy(unknown::join).hasCauseInstanceOf(LookupFailed.class);
        ask("u"); // and asks again
    }

    @Test
    void wrongPasswordsMakeItAskAgainButOnceASecondAtMost() {
        ask("u");
        answers.remove().complete(FIRST);
        cache.doubt("u");
        assertThat(known("u")).as("just asked").isEqualTo(FIRST);
        pass(1_000);
        cache.doubt("u");
        ask("u");
        answers.remove().complete(SECOND);
        for (int i = 0; i < 1000; i++) {
            cache.doubt("u");
            assertThat(known("u")).isEqualTo(SECOND);
        }
        assertThat(asked).hasSize(2);
        pass(1_000);
        cache.doubt("u");
        ask("u");
    }

    @Test
    void inventedNamesDoNotPushOthersOut() {
        ask("u");
        answers.remove().complete(FIRST);
        for (int i = 0; i < VerifierCache.MOST_KNOWN + VerifierCache.MOST_UNKNOWN; i++) {
            cache.find("nobody" + i, HERE);
            answers.remove().complete(null);
        }
        assertThat(known("u")).isEqualTo(FIRST);
        ask("nobody0"); // forgotten
    }

    private void known(String user, StoredPassword stored) {
        ask(user);
        answers.remove().complete(stored);
    }

    @Test
    void aDatabaseThatSaysNoEndsWhatItHasSaidBefore() {
        known("u", FIRST);
        pass(60_000);
        CompletableFuture<@Nullable StoredPassword> locked = ask("u");
        answers.remove()
                .completeExceptionally(new LookupFailed(LookupFailed.Meaning.REFUSED, "SQLSTATE P0001", "locked"));
        assertThatThrownBy(locked::join).hasCauseInstanceOf(LookupFailed.class);
        CompletableFuture<@Nullable StoredPassword> away = ask("u");
        answers.remove().completeExceptionally(away());
        assertThatThrownBy(away::join).as("forgotten").hasCauseInstanceOf(LookupFailed.class);
    }

    @Test
    void anErrorThatNobodyHasForeseenLetsNobodyIn() {
        known("u", FIRST);
        pass(60_000);
        CompletableFuture<@Nullable StoredPassword> failed = ask("u");
        answers.remove().completeExceptionally(new IllegalStateException("bug"));
        assertThat(failed).isCompletedExceptionally();
    }

    @Test
    void whoIsNotAskedForIsNotLetInAndNotForgotten() {
        known("u", FIRST);
        pass(60_000);
        CompletableFuture<@Nullable StoredPassword> full = ask("u");
        answers.remove().completeExceptionally(new LookupFailed(LookupFailed.Meaning.NOT_ASKED, "full", ""));
        assertThat(full).isCompletedExceptionally();
        CompletableFuture<@Nullable StoredPassword> away = ask("u");
        answers.remove().completeExceptionally(away());
        assertThat(away).isCompletedWithValue(FIRST);
    }

    @Test
    void aFormerAnswerServesForAnHourAtMost() {
        known("u", FIRST);
        long hour = VerifierCache.LONGEST_STALE_NANOS / 1_000_000;
        pass(hour - 2_000);
        cache.doubt("u"); // changes nothing about its age
        CompletableFuture<@Nullable StoredPassword> old = ask("u");
        answers.remove().completeExceptionally(away());
        assertThat(old).isCompletedWithValue(FIRST);
        pass(1_999);
        assertThat(known("u")).isEqualTo(FIRST);
        pass(1);
        CompletableFuture<@Nullable StoredPassword> tooOld = ask("u");
        answers.remove().completeExceptionally(away());
        assertThatThrownBy(tooOld::join).hasCauseInstanceOf(LookupFailed.class);
    }

    @Test
    void inventedNamesWaitForEachOtherAndNotUsersForThem() {
        known("u", FIRST);
        pass(60_000);
        List<CompletableFuture<@Nullable StoredPassword>> strangers = new ArrayList<>();
        for (int i = 0; i < StrangerQueue.MOST_UNDER_WAY + StrangerQueue.MOST_WAITING; i++) {
            strangers.add(cache.find("nobody" + i, i % 2 == 0 ? HERE : THERE));
        }
        assertThat(asked).hasSize(1 + StrangerQueue.MOST_UNDER_WAY);
        assertThat(strangers).noneMatch(CompletableFuture::isDone);
        assertThat(cache.find("one more", HERE)).isCompletedExceptionally();
        assertThat(cache.find("u", HERE)).isNotDone();
        assertThat(asked).last().isEqualTo("u");
        answers.removeLast().complete(SECOND);
        assertThat(known("u")).isEqualTo(SECOND);

        answers.remove().complete(FIRST);
        assertThat(strangers.get(0)).isCompletedWithValue(FIRST);
        assertThat(asked).as("the next").last().isEqualTo("nobody" + StrangerQueue.MOST_UNDER_WAY);
        answers.remove().completeExceptionally(away());
        assertThat(strangers.stream().filter(CompletableFuture::isCompletedExceptionally))
                .as("it and all that wait are told that the database is away")
                .hasSize(StrangerQueue.MOST_WAITING);
        while (!answers.isEmpty()) {
            answers.remove().complete(null);
        }
        assertThat(strangers).allMatch(CompletableFuture::isDone);
        ask("the next one");
    }

    @Test
    void whoWantsWhatAnotherNetworkHasAskedForDoesNotWaitBehindAllOfThat() {
        for (int i = 0; i < 10; i++) {
            cache.find("nobody" + i, THERE);
        }
        CompletableFuture<@Nullable StoredPassword> theirs = cache.find("u", THERE);
        CompletableFuture<@Nullable StoredPassword> ours = cache.find("u", HERE);
        answers.remove().complete(null);
        answers.remove().complete(null);
        assertThat(asked).last().isEqualTo("u");
        answers.removeLast().complete(FIRST);
        assertThat(ours).isCompletedWithValue(FIRST);
        assertThat(theirs).isCompletedWithValue(FIRST);
        while (!answers.isEmpty()) {
            answers.remove().complete(null);
        }
        assertThat(asked).hasSize(11).doesNotHaveDuplicates();
    }

    @Test
    void aShorterTimeCountsForWhatIsKnown() {
        cache.ttl(SECONDS.toNanos(3_600));
        ask("u");
        answers.remove().complete(FIRST);
        ask("nobody");
        answers.remove().complete(null);
        pass(2_000);
        cache.ttl(SECONDS.toNanos(3));
        assertThat(known("u")).isEqualTo(FIRST);
        assertThat(known("nobody")).isNull();
        pass(1_000);
        ask("u");
        answers.remove().completeExceptionally(away());
        assertThat(known("u")).as("while the database is away").isEqualTo(FIRST);
        ask("nobody");
        answers.remove().complete(SECOND);
        cache.ttl(SECONDS.toNanos(60));
        pass(2_999);
        assertThat(known("nobody")).as("it was asked by the shorter one").isEqualTo(SECOND);
        pass(1);
        ask("nobody");
    }
}
