package io.pgweir.proxy.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.ServerRole;
import io.pgweir.proxy.settings.BreakerSettings;
import io.pgweir.proxy.settings.HostChoice;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.LoadBalanceHosts;
import io.pgweir.proxy.settings.TargetSessionAttrs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which host is used, on a clock that the test moves. */
class ServersTest {
    private static final ServerRole PRIMARY = new ServerRole(false, false);
    private static final ServerRole FENCED = new ServerRole(false, true);
    private static final ServerRole STANDBY = new ServerRole(true, false);

    private final BreakerSettings settings = new BreakerSettings(
            3, 50, 10, Duration.ofSeconds(10), Duration.ofMillis(100), Duration.ofMillis(400), Duration.ofSeconds(2));
    /** Where a clock of nanoseconds may stand: it wraps around during the tests. */
    private long now = Long.MAX_VALUE - 1_000_000_000L;

    private final Random random = new Random(7);
    private final List<HostPort> left = new ArrayList<>();
    private final List<Breaker> breakers = new ArrayList<>();
    private final HostPort a = new HostPort("a", 5432);
    private final HostPort b = new HostPort("b", 5432);
    private final HostPort c = new HostPort("c", 5432);

    private Servers servers(TargetSessionAttrs target, LoadBalanceHosts balance, HostPort... hosts) {
        for (HostPort host : hosts) {
            breakers.add(new Breaker(host, settings, () -> now, () -> 0.0));
        }
        Servers servers = new Servers(
                breakers, new HostChoice(target, balance), settings, new SeenRoles(), () -> now, random::nextDouble);
        servers.whenLeft(left::add);
        return servers;
    }

    private Servers servers(TargetSessionAttrs target, HostPort... hosts) {
        return servers(target, LoadBalanceHosts.DISABLE, hosts);
    }

    private void pass(long millis) {
        now += millis * 1_000_000;
    }

    private @Nullable HostPort next(Servers servers) {
        Breaker next = servers.next(10, 0);
        return next == null ? null : next.server();
    }

    /** Connects to whatever is next, which turns out to be what {@code roles} says. */
    private @Nullable HostPort connect(Servers servers, Map<HostPort, ServerRole> roles) {
        Breaker next = servers.next(10, 0);
        if (next == null) {
            return null;
        }
        servers.connecting(next);
        ServerRole role = roles.get(next.server());
        if (role.fits(servers.choice().target())) {
            servers.is(next.server(), role, now);
        } else {
            servers.notConnected(next, BackendFailure.unfit(next.server() + " is " + role.text()));
        }
        return next.server();
    }

    private void down(int which) {
        for (int i = 0; i < 3; i++) {
            pass(1);
            breakers.get(which).connectFailed(BackendFailure.unreachable("connection refused"), now);
        }
        assertThat(breakers.get(which).isDown()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "ANY, true, true, true",
        "READ_WRITE, true, false, false",
        "READ_ONLY, false, true, true",
        "PRIMARY, true, true, false",
        "STANDBY, false, false, true",
        "PREFER_STANDBY, true, true, true"
    })
    void eachValueMeansWhatItMeansToLibpq(TargetSessionAttrs target, boolean primary, boolean fenced, boolean standby) {
        assertThat(PRIMARY.fits(target)).as("primary").isEqualTo(primary);
        assertThat(FENCED.fits(target)).as("read-only primary").isEqualTo(fenced);
        assertThat(STANDBY.fits(target)).as("standby").isEqualTo(standby);
        assertThat(new ServerRole(true, true).fits(target))
                .as("read-only standby")
                .isEqualTo(standby);
    }

    @Test
    void whateverItIsTheFirstThatIsUpIsUsed() {
        Servers servers = servers(TargetSessionAttrs.ANY, a, b);
        assertThat(next(servers)).isEqualTo(a);
        servers.is(a, null, now);
        down(0);
        assertThat(next(servers)).isEqualTo(b);
        assertThat(servers.mayServe(a)).isTrue();
        assertThat(servers.noneFits()).isNull();
    }

    @Test
    void othersTakeTheirPlacesAndWhatIsKnownOfThoseThatStayIsKept() {
        Servers servers = servers(TargetSessionAttrs.READ_WRITE, a, b);
        List<HostPort> heard = new ArrayList<>();
        servers.listen(step -> heard.add(step.server()));
        Map<HostPort, ServerRole> roles = Map.of(a, STANDBY, b, PRIMARY, c, PRIMARY);
        assertThat(connect(servers, roles)).isEqualTo(a);
        assertThat(connect(servers, roles)).isEqualTo(b);
        Breaker third = new Breaker(c, settings, () -> now, () -> 0.0);
        servers.change(List.of(breakers.get(0), third), servers.choice(), settings);
        assertThat(servers.addresses()).containsExactly(a, c);
        assertThat(connect(servers, roles)).as("a is known to be of no use").isEqualTo(c);
        assertThat(servers.mayServe(c)).isTrue();
        // A backend of the server that has gone may still be there.
        assertThat(servers.at(b)).isNull();
        assertThat(servers.mayServe(b)).isFalse();
        assertThat(servers.isLeft(b)).isTrue();
        assertThat(servers.doubt(b)).isFalse();
        assertThat(servers.takeQuestion(b, true)).isFalse();
        assertThat(servers.isBetterThan(b)).isFalse();
        servers.is(b, STANDBY, now);
        servers.rumour(b);
        servers.unanswered(b);
        assertThat(left).isEmpty();
        down(1);
        assertThat(heard).isEmpty();
        breakers.set(1, third);
        down(1);
        assertThat(heard).containsExactly(c);
        servers.change(
                List.of(breakers.get(0)), new HostChoice(TargetSessionAttrs.ANY, LoadBalanceHosts.DISABLE), settings);
        assertThat(next(servers)).as("something else is asked of it now").isEqualTo(a);
        assertThat(servers.noneFits()).isNull();
    }

    @Test
    void theFirstThatFitsIsFoundAndKept() {
        Servers servers = servers(TargetSessionAttrs.READ_WRITE, a, b, c);
        Map<HostPort, ServerRole> roles = Map.of(a, STANDBY, b, FENCED, c, PRIMARY);
        List<HostPort> asked = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            asked.add(connect(servers, roles));
            pass(1000);
        }
        assertThat(asked).containsExactly(a, b, c, c, c, c);
        assertThat(servers.noneFits()).isNull();
    }

    @Test
    void onlyOneAsksAServerThatIsNotKnown() {
        Servers servers = servers(TargetSessionAttrs.READ_WRITE, a, b);
        servers.connecting(breakers.get(0));
        assertThat(next(servers)).isEqualTo(b);
        servers.connecting(breakers.get(1));
        assertThat(next(servers)).isNull();
        pass(1000); // a question that is not answered holds nobody up
        assertThat(next(servers)).isEqualTo(a);
    }

    @Test
    void whileNoneFitsAllAreAskedAtABoundedRateAndTheNewPrimaryIsUsedAtOnce() {
        Servers servers = servers(TargetSessionAttrs.READ_WRITE, a, b);
        Map<HostPort, ServerRole> roles = new TreeMap<>(java.util.Comparator.comparing(HostPort::toString));
        roles.putAll(Map.of(a, FENCED, b, STANDBY));
        int asked = 0;
        for (int i = 0; i < 10_000; i++) {
            asked += connect(servers, roles) == null ? 0 : 1;
            pass(1);
        }
        assertThat(asked).as("questions to two servers in 10 s").isBetween(2 * 25, 2 * 52);
        assertThat(String.valueOf(servers.noneFits()))
                .contains("a:5432 is a primary, read-only by default; b:5432 is a standby");
        roles.put(b, PRIMARY);
        long begin = now;
        while (servers.noneFits() != null) {
            assertThat(servers.nanosToChange()).isBetween(1L, 400_000_000L);
            now += servers.nanosToChange();
            connect(servers, roles);
        }
        assertThat((now - begin) / 1_000_000).as("ms until found").isLessThanOrEqualTo(401);
        assertThat(next(servers)).isEqualTo(b);
    }

    @Test
    void whatIsDownIsNamedAsWell() {
        Servers servers = servers(TargetSessionAttrs.PRIMARY, a, b);
        connect(servers, Map.of(a, PRIMARY));
        down(0);
        assertThat(next(servers)).isEqualTo(b);
        assertThat(servers.noneFits()).isNull();
        connect(servers, Map.of(b, STANDBY));
        assertThat(String.valueOf(servers.noneFits()))
                .contains("a:5432 is down: connection refused; b:5432 is a standby");
        down(1);
        assertThat(servers.noneFits()).as("an outage, which is told of as one").isNull();
        assertThat(servers.outage()).isNotNull();
    }

    @Test
    void aDoubtHoldsItsServerBackUntilItHasAnswered() {
        Servers servers = servers(TargetSessionAttrs.READ_WRITE, a, b);
        connect(servers, Map.of(a, PRIMARY));
        assertThat(servers.doubt(a)).isTrue();
        assertThat(servers.mayServe(a)).isFalse();
        assertThat(servers.isLeft(a)).isFalse();
        assertThat(servers.takeQuestion(a, true)).isTrue();
        assertThat(servers.takeQuestion(a, true)).as("somebody asks already").isFalse();
        servers.is(a, FENCED, now);
        assertThat(left).containsExactly(a);
        assertThat(servers.isLeft(a)).isTrue();
        assertThat(servers.doubt(a)).as("known already").isFalse();
        assertThat(next(servers)).isEqualTo(b);
        servers.is(a, FENCED, now);
        assertThat(left).as("told of once").containsExactly(a);
    }

    @Test
    void aFalseAlarmIsNotRepeatedAtOnce() {
        Servers servers = servers(TargetSessionAttrs.READ_WRITE, a);
        connect(servers, Map.of(a, PRIMARY));
        servers.doubt(a);
        assertThat(servers.takeQuestion(a, true)).isTrue();
        servers.is(a, PRIMARY, now);
        assertThat(servers.mayServe(a)).isTrue();
        assertThat(servers.doubt(a)).isFalse();
        assertThat(servers.mayServe(a)).isTrue();
        assertThat(servers.takeQuestion(a, true)).isFalse();
        assertThat(servers.takeAnyQuestion(a)).as("when there is time").isTrue();
        servers.is(a, PRIMARY, now);
        pass(1001);
        assertThat(servers.doubt(a)).isTrue();
    }

    @Test
    void whatWasAskedBeforeADoubtDoesNotAnswerIt() {
        Servers servers = servers(TargetSessionAttrs.READ_WRITE, a);
        connect(servers, Map.of(a, PRIMARY));
        long before = now;
        pass(1);
        servers.doubt(a);
        servers.is(a, PRIMARY, before);
        assertThat(servers.mayServe(a)).isFalse();
        assertThat(servers.takeQuestion(a, false))
                .as("may not have heard of it")
                .isFalse();
        pass(100);
        assertThat(servers.takeQuestion(a, false)).isTrue();
        servers.is(a, FENCED, before);
        assertThat(servers.isLeft(a)).as("bad news are believed").isTrue();
    }

    @Test
    void aQuestionThatIsLostIsAskedAgain() {
        Servers servers = servers(TargetSessionAttrs.READ_WRITE, a);
        connect(servers, Map.of(a, PRIMARY));
        servers.doubt(a);
        assertThat(servers.takeQuestion(a, true)).isTrue();
        servers.unanswered(a);
        assertThat(servers.mayServe(a)).isFalse();
        assertThat(servers.takeQuestion(a, true)).isTrue();
    }

    @Test
    void aStandbyIsPreferredAndAPrimaryUsedWhileThereIsNone() {
        Servers servers = servers(TargetSessionAttrs.PREFER_STANDBY, a, b);
        Map<HostPort, ServerRole> roles = Map.of(a, PRIMARY, b, STANDBY);
        assertThat(connect(servers, roles)).isEqualTo(a);
        assertThat(servers.mayServe(a)).as("there may be a standby").isFalse();
        assertThat(connect(servers, roles)).isEqualTo(b);
        assertThat(servers.mayServe(a)).isTrue();
        assertThat(connect(servers, roles)).isEqualTo(b);
        assertThat(servers.isBetterThan(a)).isTrue();
        assertThat(servers.perhapsBetter()).isNull();
        down(1);
        assertThat(next(servers)).isEqualTo(a);
        assertThat(servers.isBetterThan(a)).isFalse();
        breakers.get(1).connected();
        assertThat(next(servers)).isEqualTo(b);
        assertThat(servers.mayServe(a)).isTrue();
        assertThat(left).isEmpty();
    }

    @Test
    void aServerThatDoesNotSayWhatItIsHoldsUpTheSecondChoiceForASecond() {
        Servers servers = servers(TargetSessionAttrs.PREFER_STANDBY, a, b);
        connect(servers, Map.of(a, PRIMARY));
        servers.connecting(breakers.get(1));
        assertThat(next(servers)).isNull();
        pass(1000);
        assertThat(servers.mayServe(a)).isTrue();
        assertThat(next(servers)).isEqualTo(a);
    }

    @Test
    void aSecondChoiceIsLookedAtAgain() {
        Servers servers = servers(TargetSessionAttrs.PREFER_STANDBY, a);
        connect(servers, Map.of(a, PRIMARY));
        assertThat(servers.perhapsBetter()).isNull();
        pass(10_001);
        assertThat(String.valueOf(servers.perhapsBetter().server())).isEqualTo("a:5432");
        servers.is(a, STANDBY, now);
        assertThat(servers.perhapsBetter()).isNull();
    }

    @Test
    void chanceGivesEachServerThatFitsItsShare() {
        Servers servers = servers(TargetSessionAttrs.STANDBY, LoadBalanceHosts.RANDOM, a, b, c);
        Map<HostPort, ServerRole> roles = Map.of(a, STANDBY, b, PRIMARY, c, STANDBY);
        Map<HostPort, Integer> counts = new TreeMap<>(java.util.Comparator.comparing(HostPort::toString));
        for (int i = 0; i < 2000; i++) {
            counts.merge(connect(servers, roles), 1, Integer::sum);
        }
        assertThat(counts.get(a)).isBetween(850, 1150);
        assertThat(counts.get(b)).as("asked once, and of no use").isEqualTo(1);
        assertThat(counts.get(c)).isBetween(850, 1150);
    }

    @Test
    void chanceLeavesTheWorkToServersThatHaveRoom() {
        Servers servers = servers(TargetSessionAttrs.ANY, LoadBalanceHosts.RANDOM, a, b);
        down(1);
        breakers.get(1).connected(); // on its ramp: one of ten
        List<HostPort> used = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            used.add(servers.next(10, 5).server());
        }
        assertThat(used).containsOnly(a);
        Breaker[] few = new Breaker[100];
        Arrays.setAll(few, i -> servers.next(10, 0));
        assertThat(few).contains(breakers.get(0), breakers.get(1));
    }
}
